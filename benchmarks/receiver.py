"""A sink of our own, a process: counts transactions and octets, offers STARTTLS, answers the final dot late on demand.

``python -m benchmarks.receiver ORDER`` (JSON) prints ``ready``, then, at its last message or SIGTERM, one JSON document.
"""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
import sys
import time
from dataclasses import dataclass, field

import uvloop

from benchmarks import letters

_END = b"\r\n.\r\n"
_HEAD = 4096


@dataclass(frozen=True)
class Order:
    """messages: end after so many, 0 = at SIGTERM. delay: seconds before the reply to the dot. tls: certificate, key."""

    port: int
    messages: int = 0
    delay: float = 0.0
    tls: tuple[str, str] | None = None


@dataclass
class Tally:
    """What came. keyed: key of a message -> CLOCK_MONOTONIC of our final 250."""

    messages: int = 0
    recipients: int = 0
    octets: int = 0
    connections: int = 0
    encrypted: int = 0
    duplicates: int = 0
    first: float = 0.0
    last: float = 0.0
    keyed: dict[str, float] = field(default_factory=dict)


class Sink:
    """What the sessions share."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.tally = Tally()
        self.done = asyncio.Event()
        self.context: ssl.SSLContext | None = None
        if order.tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*order.tls)

    def arrived(self, head: bytes, octets: int, recipients: int) -> None:
        """Count a message whose 250 goes out now."""
        tally, now = self.tally, time.monotonic()
        tally.first = tally.first or now
        tally.last = now
        tally.messages += 1
        tally.octets += octets
        tally.recipients += recipients
        found = letters.KEY.search(head)
        if found is not None:
            key = found[1].decode("latin-1")
            tally.duplicates += key in tally.keyed
            tally.keyed.setdefault(key, now)
        if tally.messages == self.order.messages:
            self.done.set()


class Session(asyncio.Protocol):
    """One connection; what is pipelined behind a late answer waits for it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._transport: asyncio.Transport
        self._pending = bytearray()
        self._head = b""
        self._octets = 0
        self._recipients = 0
        self._reading = False
        self._waiting = False
        self._tls = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]
        self._sink.tally.connections += 1
        self._transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Take lines and bodies."""
        self._pending += data
        self._work()

    def _work(self) -> None:
        while not self._waiting and (self._body() if self._reading else self._line()):
            pass

    def _line(self) -> bool:
        end = self._pending.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._pending[:end])
        del self._pending[: end + 2]
        self._command(line[:4].upper())
        return True

    def _command(self, verb: bytes) -> None:
        if verb == b"EHLO":
            offer = b"250-STARTTLS\r\n" if self._sink.context and not self._tls else b""
            self._transport.write(b"250-sink\r\n" + offer + b"250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 60000000\r\n")
        elif verb == b"DATA":
            self._reading, self._head, self._octets = True, b"\r\n", 0
            self._transport.write(b"354 go on\r\n")
        elif verb == b"STAR":
            self._waiting = True
            self._task = asyncio.ensure_future(self._secure())
        elif verb == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
        else:
            self._recipients = 0 if verb in {b"MAIL", b"RSET"} else self._recipients + (verb == b"RCPT")
            self._transport.write(b"250 2.0.0 ok\r\n")

    async def _secure(self) -> None:
        assert self._sink.context is not None
        self._transport.pause_reading()
        self._transport.write(b"220 go on\r\n")
        loop = asyncio.get_running_loop()
        secured = await loop.start_tls(self._transport, self, self._sink.context, server_side=True)
        if secured is None:
            return
        self._transport, self._tls = secured, True
        self._sink.tally.encrypted += 1
        self._waiting = False
        self._work()

    def _body(self) -> bool:
        end = self._pending.find(_END)
        gone = end + 2 if end >= 0 else max(0, len(self._pending) - 4)
        if len(self._head) < _HEAD:
            self._head += bytes(self._pending[: min(gone, _HEAD)])
        self._octets += gone
        del self._pending[: gone + 3 if end >= 0 else gone]
        if end < 0:
            return False
        self._reading = False
        self._waiting = True
        if self._sink.order.delay:
            asyncio.get_running_loop().call_later(self._sink.order.delay, self._answer)
        else:
            self._answer()
        return True

    def _answer(self) -> None:
        late = bool(self._sink.order.delay)
        self._waiting = False
        self._transport.write(b"250 2.0.0 taken\r\n")
        self._sink.arrived(self._head, self._octets, self._recipients)
        self._recipients = 0
        if late:
            self._work()


async def serve(order: Order) -> Tally:
    """Listen until the last message or SIGTERM."""
    sink = Sink(order)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, sink.done.set)
    server = await loop.create_server(lambda: Session(sink), "127.0.0.1", order.port, backlog=1024)
    print("ready", flush=True)
    await sink.done.wait()
    await asyncio.sleep(0.05)  # the last 250 is on its way
    server.close()
    return sink.tally


def main() -> None:
    """Carry out the order in the first argument."""
    values = json.loads(sys.argv[1])
    values["tls"] = tuple(values["tls"]) if values.get("tls") else None
    # An unbuffered stdout, as PYTHONUNBUFFERED makes it, takes what the pipe holds and drops the rest.
    with open(1, "w", closefd=False) as out:
        json.dump(uvloop.run(serve(Order(**values))).__dict__, out)


if __name__ == "__main__":
    main()
