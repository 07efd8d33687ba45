"""A listener with sessions over a gate and a spool in memory, for clients over real sockets."""

# ruff: noqa: ARG002 - fakes keep the signatures of what they stand for

from __future__ import annotations

import asyncio
import ssl
import time
from types import SimpleNamespace

import trustme

from estafette.base.errors import Refusal, StoreUnavailable
from estafette.base.ids import Mint
from estafette.model.credential import Identity
from estafette.model.message import Content, Submission
from estafette.net.listener import Listeners, Where
from estafette.relay.submission.limits import SessionLimits, Usage
from estafette.relay.submission.lockout import Lockout
from estafette.relay.submission.login_notes import LoginNotes
from estafette.relay.submission.session import Desk, session_maker
from estafette.smtp.server import ServerConfig
from estafette.store.interface.spool import Health

ALICE = Identity(tenant="t", credential="c", username="alice", stream="main", kind="personal")
CLOCK = SimpleNamespace(now=time.time, monotonic=time.monotonic)


class Gate:
    def __init__(self):
        self.clients = []
        self.network = None
        self.alice = ALICE

    def authenticate(self, username, password, client):
        if (username, password) == ("alice", b"secret"):
            return self.alice
        raise Refusal(535, "5.7.8", "authentication failed", rule="auth_failed")

    def by_network(self, client):
        return self.network

    def check_sender(self, identity, sender):
        if sender is None or sender.domain != "example.com":
            raise Refusal(550, "5.7.1", "sender not allowed", rule="sender_not_allowed")

    def check_recipient(self, identity, recipient, before=0, topic=""):
        if recipient.local == "gone":
            raise Refusal(550, "5.7.1", "recipient suppressed", rule="suppressed")

    def lacking(self, identity, recipients):
        return None

    def finish(self, identity, envelope, body, client, said=None):
        self.clients.append((client, envelope))
        if b"X-Refuse" in body:
            raise Refusal(550, "5.7.1", "refused by its header", rule="header")
        if b"X-Left" in body:
            raise Refusal(550, "5.7.1", "every recipient has left the topic", rule="suppressed")
        content = Content(
            client.message,
            identity.tenant,
            "main",
            "personal",
            "c",
            envelope.sender,
            "example.com",
            len(body),
            0.0,
            body,
        )
        return Submission(content, ())

    def finish_streamed(self, identity, envelope, head, file, size, eight_bit, client):
        head = b"X-Head: edited\r\n" + head
        content = Content(
            client.message,
            "t",
            "main",
            "personal",
            "c",
            envelope.sender,
            "example.com",
            size + len(head),
            0.0,
            b"",
            file,
            eight_bit=eight_bit,
        )
        return head, Submission(content, ())


class Writer:
    def __init__(self, spool, name):
        self.spool, self.name, self.data = spool, name, bytearray()

    def write(self, piece):
        self.data += piece

    async def close(self):
        self.spool.files[self.name] = bytes(self.data)

    async def discard(self):
        self.spool.discarded += 1


class Spool:
    def __init__(self):
        self.accepted, self.files, self.discarded = [], {}, 0
        self.failing, self.full = False, False

    async def accept(self, submission):
        await asyncio.sleep(0)
        if self.failing:
            raise StoreUnavailable("closed")
        self.accepted.append(submission)

    async def content_writer(self, message):
        return Writer(self, f"f{message}")

    def health(self):
        return Health(accepting=not self.full, why="disk")


class Lockless(Lockout):
    """Delays of zero keep the tests quick; the delays themselves are tested on their own."""

    def failed(self, client, account, now):
        super().failed(client, account, now)
        return 0.0


class Rig:
    def __init__(self, lockout=None, limits=None, **config):
        self.gate, self.spool = Gate(), Spool()
        self.usage = Usage(SessionLimits(connections_per_client=3, **(limits or {})))
        self.desk = Desk(
            config=ServerConfig(hostname="mx.test", tls=True, max_size=2_000_000, **config), kind="submission", spool=self.spool,
            mint=Mint(time.time), clock=CLOCK, usage=self.usage, lockout=lockout or Lockless(), gate=self.gate,
            notes=LoginNotes(CLOCK),
        )  # fmt: skip

    async def start(self, implicit_tls=False, proxies=(), deadlines=None, host="127.0.0.1"):
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("mx.test", "127.0.0.1").configure_cert(context)
        self.client_context = ssl.create_default_context()
        authority.configure_trust(self.client_context)
        self.listeners = Listeners(
            session_maker({"submission": self.desk, "local": self.desk, "mx": self.desk}),
            CLOCK,
            contexts=lambda: context,
            proxies=proxies,
            deadlines=deadlines,
        )
        where = Where(host=host, port=0, implicit_tls=implicit_tls)
        self.host, self.port = await self.listeners.open(where)
        return self

    async def play(self, function, *args):
        return await asyncio.to_thread(function, *args)
