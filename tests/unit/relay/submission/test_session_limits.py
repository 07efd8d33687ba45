"""What sessions do with too much of something: guesses, recipients, commands, octets."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial

from tests.unit.relay.submission.rig import CLOCK

from estafette.base.ids import Mint
from estafette.base.seal import Keyring
from estafette.mail import verp
from estafette.model.credential import Identity
from estafette.net.listener import Where
from estafette.relay.submission.desk import Desk
from estafette.relay.submission.lockout import FREE_TRIES, Lockout
from estafette.relay.submission.login_notes import LoginNotes
from estafette.relay.submission.return_gate import MAC_PURPOSE, MacedReturnPathGate
from estafette.relay.submission.session import session_maker
from estafette.smtp.server import ServerConfig

WRONG = b"AUTH PLAIN AGFsaWNlAHdyb25n\r\n"
RIGHT = b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"
TEXT = b"From: a@example.com\r\n\r\nHello\r\n.\r\n"


class Client:
    """Speaks line by line."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def reply(self):
        line = b"000-"
        while line[3:4] == b"-":
            line = await asyncio.wait_for(self.reader.readline(), 20)
        return line

    async def say(self, *commands):
        answers = []
        for command in commands:
            self.writer.write(command)
            answers.append(await self.reply())
        return answers[-1]

    async def send(self, recipient=b"b@example.net", sender=b"a@example.com"):
        return await self.say(
            b"MAIL FROM:<" + sender + b">\r\n", b"RCPT TO:<" + recipient + b">\r\n", b"DATA\r\n", TEXT
        )


async def connect(port):
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    return client, await client.reply()


async def gone(one):
    """Wait until no connection is left."""
    async with asyncio.timeout(20):
        while one.usage.connections:  # noqa: ASYNC110 - the kernel carries the end over
            await asyncio.sleep(0)


async def test_a_wrong_password_is_answered_late_and_many_lock_the_address(rig):
    lockout = Lockout()
    one = await rig(lockout=lockout, plaintext_auth=True)
    client, _ = await connect(one.port)
    await client.say(b"EHLO x\r\n")
    began = time.monotonic()
    assert (await client.say(WRONG)).startswith(b"535 ")
    assert time.monotonic() - began >= 1.0
    for _ in range(FREE_TRIES):
        lockout.failed("127.0.0.1", "mallory", CLOCK.monotonic())
    assert (await client.say(RIGHT)).startswith(b"454 4.7.0 ")
    other, _ = await connect(one.port)
    assert (await other.say(b"EHLO x\r\n", RIGHT)).startswith(b"454 4.7.0 ")
    client.writer.close()
    other.writer.close()


async def test_a_client_that_leaves_before_the_late_answer_disturbs_nobody(rig):
    one = await rig(lockout=Lockout(), plaintext_auth=True)
    client, _ = await connect(one.port)
    await client.say(b"EHLO x\r\n")
    client.writer.write(WRONG)
    client.writer.close()
    await gone(one)
    other, banner = await connect(one.port)
    assert banner.startswith(b"220 ")
    assert (await other.say(b"EHLO x\r\n", RIGHT)).startswith(b"235 ")
    other.writer.close()


async def test_a_hundred_thousand_recipients_over_a_socket(rig):
    one = await rig(auth=False, max_recipients=1000)
    client, _ = await connect(one.port)
    await client.say(b"EHLO x\r\n", b"MAIL FROM:<a@example.com>\r\n")

    async def flood():
        try:
            for _ in range(100):
                client.writer.write(b"RCPT TO:<b@example.net>\r\n" * 1000)
                await client.writer.drain()
        except ConnectionError:
            return

    asked = []
    one.gate.check_recipient = lambda _identity, recipient, _before: asked.append(recipient)
    await flood()
    await gone(one)
    assert len(asked) == 1000
    assert one.spool.accepted == []
    client.writer.close()


async def test_an_address_that_only_wastes_time_is_sent_away_and_a_useful_one_is_not(rig):
    one = await rig(limits={"wasted": 20}, auth=False)
    for _ in range(30):
        client, banner = await connect(one.port)
        assert banner.startswith(b"220 ")
        await client.say(b"EHLO x\r\n")
        assert (await client.send()).startswith(b"250 ")
        await client.say(b"QUIT\r\n")
        client.writer.close()
    client, _ = await connect(one.port)
    await client.say(b"EHLO x\r\n", *[b"NOOP\r\n"] * 30, b"QUIT\r\n")
    client.writer.close()
    await gone(one)
    client, banner = await connect(one.port)
    assert banner.startswith(b"421 4.3.2 ")
    client.writer.close()
    assert not one.usage.tired_of("127.0.0.1", CLOCK.monotonic() + 600)


async def test_a_disk_that_takes_no_large_body_is_a_temporary_refusal(rig, tmp_path):
    one = await rig(auth=False)
    one.desk.folder = str(tmp_path / "missing")
    client, _ = await connect(one.port)
    await client.say(b"EHLO x\r\n", b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.net>\r\n", b"DATA\r\n")
    assert (await client.say((b"x" * 78 + b"\r\n") * 12_000 + b".\r\n")).startswith(b"451 4.3.0 ")
    assert (await client.send()).startswith(b"250 ")
    assert (len(one.spool.accepted), one.spool.files, one.usage.pending) == (1, {}, 0)
    client.writer.close()


async def test_the_local_socket_knows_its_user_by_the_kernel(rig, tmp_path):
    one = await rig()
    seen = []

    def by_network(client):
        seen.append(client)
        return Identity(tenant="t", credential="local", username="u", stream="main", kind="personal")

    one.gate.by_network = by_network
    await one.listeners.open_local(tmp_path / "submit.sock")
    client = Client(*await asyncio.open_unix_connection(str(tmp_path / "submit.sock")))
    assert (await client.reply()).startswith(b"220 ")
    await client.say(b"EHLO x\r\n")
    assert (await client.send()).startswith(b"250 2.0.0 queued as ")
    assert seen == [f"uid:{os.getuid()}"]
    assert one.gate.clients[0][0].address == f"uid:{os.getuid()}"
    client.writer.close()


class Shelf:
    """Keeps what comes back."""

    def __init__(self):
        self.kept = []

    async def keep_return(self, content, event):
        self.kept.append((content, event))


async def test_the_mx_door_takes_reports_to_our_return_paths_only(rig, tmp_path):
    one = await rig()
    keyring = Keyring.create(tmp_path / "keyring")
    shelf = Shelf()
    mint = Mint(time.time)
    gate = MacedReturnPathGate(
        spool=shelf, keyring=keyring, clock=CLOCK, mint=mint, hostname="mx.test", return_path="bounces.test"
    )
    desk = Desk(
        config=ServerConfig(hostname="mx.test", auth=False, bare_newline="reject"), kind="mx", spool=one.spool,
        mint=mint, clock=CLOCK, usage=one.usage, lockout=Lockout(), returns=gate,
        notes=LoginNotes(CLOCK),
    )  # fmt: skip
    one.listeners.make = session_maker({"mx": desk})
    _, port = await one.listeners.open(Where(host="127.0.0.1", port=0, kind="mx"))
    about = mint.next()
    path = verp.make(partial(keyring.mac, MAC_PURPOSE), about, 2, "bounces.test").encode()
    client, _ = await connect(port)
    await client.say(b"EHLO far.test\r\n", b"MAIL FROM:<>\r\n")
    assert (await client.say(b"RCPT TO:<b@example.net>\r\n")).startswith(b"550 5.7.1 ")
    assert (await client.say(b"RCPT TO:<" + path + b">\r\n")).startswith(b"250 2.1.5")
    assert (await client.say(b"DATA\r\n", TEXT)).startswith(b"250 2.0.0 queued as ")
    ((content, event),) = shelf.kept
    assert event == b""  # what it says is told once it was read
    assert content.came_to == (path.decode(),)
    assert content.body.startswith(b"Received: from far.test ([127.0.0.1])")
    assert content.body.endswith(b"Hello\r\n")
    await client.say(b"MAIL FROM:<>\r\n", b"RCPT TO:<" + path + b">\r\n", b"DATA\r\n")
    assert (await client.say(b"Bare\nline\r\n.\r\n")).startswith(b"550 5.6.0 ")
    assert len(shelf.kept) == 1
    client.writer.close()
