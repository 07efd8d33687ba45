"""Scripted peers on loopback, and what a carrier needs to reach them."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable

from estafette.config.schema import Delivery as Settings
from estafette.config.schema import Egress
from estafette.model.message import Delivery
from estafette.net.answers import AddressAnswer, MxAnswer
from estafette.relay.delivery.carrier import Carrier
from estafette.relay.delivery.parcel import Parcel
from estafette.relay.delivery.timeouts import Timeouts

BODY = b"From: a@a.test\r\nSubject: x\r\n\r\nhello\r\n.dot\r\n"


class SystemClock:
    def now(self):
        return time.time()

    def monotonic(self):
        return time.monotonic()


class Zone:
    """Answers of a resolver, kept in two dictionaries."""

    def __init__(self, mx, addresses):
        self._mx = {k: v if isinstance(v, MxAnswer) else MxAnswer("mx", tuple(v)) for k, v in mx.items()}
        self._addresses = addresses

    async def mx(self, domain):
        return self._mx.get(domain, MxAnswer("nxdomain"))

    async def addresses(self, host, v6):  # noqa: ARG002 - the resolver's own signature
        found = self._addresses.get(host, ())
        return AddressAnswer("found" if found else "none", tuple(found))


class Peer:
    """A listening script. ``script(peer, reader, writer)`` plays one session; ``seen`` holds every line of all."""

    def __init__(self, script: Callable[..., Awaitable[None]]):
        self._script = script
        self.seen: list[bytes] = []
        self.sessions = 0
        self.messages: list[bytes] = []
        self.left = asyncio.Event()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc):
        self._server.close()

    async def _serve(self, reader, writer):
        self.sessions += 1
        try:
            await self._script(self, Talk(self, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.left.set()
            with contextlib.suppress(ConnectionError):
                writer.close()


class Talk:
    def __init__(self, peer, reader, writer):
        self.peer, self.reader, self.writer = peer, reader, writer

    async def line(self):
        line = await self.reader.readline()
        if not line:
            raise ConnectionResetError
        self.peer.seen.append(line.rstrip(b"\r\n"))
        return line.rstrip(b"\r\n")

    async def say(self, *lines):
        self.writer.write(b"".join(line.encode() + b"\r\n" for line in lines))
        await self.writer.drain()

    async def body(self):
        message = await self.reader.readuntil(b"\r\n.\r\n")
        self.peer.messages.append(message)
        return message

    async def tls(self, context: ssl.SSLContext):
        await self.writer.start_tls(context)


def polite(*, offer=("PIPELINING", "8BITMIME", "SIZE 1000000"), answers=None, tls=None, after_dot="250 2.0.0 queued"):
    """A peer that behaves, except where ``answers`` (first word and argument -> reply) says otherwise."""
    answers = answers or {}

    async def script(peer, talk):
        await talk.say("220 peer ready")
        secure = False
        while True:
            line = (await talk.line()).decode()
            verb = line.split()[0].upper()
            reply = next((answers[key] for key in answers if line.upper().startswith(key.upper())), None)
            if reply == "close":
                return
            if reply is not None:
                await talk.say(reply)
                if reply.startswith("421"):
                    return
                if verb != "DATA" or not reply.startswith("354"):
                    continue
            elif verb in ("EHLO", "HELO"):
                words = [*offer, *(["STARTTLS"] if tls and not secure else [])]
                await talk.say("250-peer", *[f"250-{w}" for w in words], "250 HELP")
                continue
            elif verb == "STARTTLS":
                await talk.say("220 go")
                if callable(tls):
                    await tls(talk)
                    return
                await talk.tls(tls)
                secure = True
                continue
            elif verb == "QUIT":
                await talk.say("221 bye")
                return
            elif verb == "DATA":
                await talk.say("354 go")
            else:
                await talk.say("250 2.1.0 ok")
                continue
            await talk.body()
            if after_dot == "close":
                return
            await talk.say(after_dot)

    return script


QUICK = Timeouts(connect=2, greeting=0.5, ehlo=0.5, starttls=0.5, handshake=2, auth=0.5, mail=0.5, rcpt=0.5, data=0.5,
                 block=2, dot=0.5, quit=0.3, total=3, tick=0.02)  # fmt: skip


def carrier(port, *, zone=None, egress=None, timeouts=QUICK, allow=("127.0.0.0/8",), **more):
    zone = zone or Zone({"d.test": [(10, "mx.d.test")]}, {"mx.d.test": ["127.0.0.1"]})
    return Carrier(
        delivery=Settings(port=port, allow_networks=list(allow), transport=more.pop("transport", "mx")),
        egress=egress or {"default": Egress()}, hostname="relay.test", resolver=zone, clock=SystemClock(),
        providers=[("mail.protection.outlook.com", "microsoft365")], timeouts=timeouts, **more,
    )  # fmt: skip


def delivery(address="u@d.test", number=1, **more):
    return Delivery(
        message=7, number=number, tenant="t", stream="s", priority=0, lane="d.test",
        domain=address.rpartition("@")[2], address=address, egress="default", due=0.0, born=0.0, expires=9e9,
        size=100, from_domain="a.test", **more,
    )  # fmt: skip


def parcel(*addresses, body=BODY, **more):
    rows = [delivery(a, n) for n, a in enumerate(addresses or ("u@d.test",), 1)]
    return Parcel(deliveries=rows, site="mx.d.test", egress="default", sender="bounce@a.test",
                  size=more.pop("size", len(body or b"")), body=body, **more)  # fmt: skip
