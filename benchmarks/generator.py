"""An SMTP client under load, a process of its own: STARTTLS, AUTH PLAIN, one message per connection or many, paced or not.

``python -m benchmarks.generator ORDER`` (JSON); prints one JSON document. Times are CLOCK_MONOTONIC, which all processes
of a machine share, so that a receiver's times can be compared with them.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from benchmarks import letters


@dataclass(frozen=True)
class Order:
    """What to send. interval: seconds between messages over all sessions, 0 = as fast as it goes. rate: octets per
    second on each connection, 0 = no limit. seconds: stop beginning messages after so long, 0 = never. logins: take
    turns with so many credentials of ``benchmarks.crowd``, of so many ``tenants``, one for each connection."""

    port: int
    messages: int
    sessions: int = 50
    length: int = 10240
    keep: bool = True
    tls: bool = False
    login: tuple[str, str] | None = None
    sender: str = "from@bench.example"
    recipients: tuple[str, ...] = ("to@d0.example",)
    interval: float = 0.0
    rate: float = 0.0
    seconds: float = 0.0
    prefix: str = "m"
    logins: int = 0
    tenants: int = 1

    def turn(self, number: int) -> Order:
        """Return the order as the next credential carries it out; neighbours in time are strangers in the tables."""
        if not self.logins:
            return self
        one = number * 7919 % self.logins
        return replace(self, login=(f"u{one}", f"p{one}"), sender=f"from@t{one % self.tenants}.example")


@dataclass
class Report:
    """What came of it: (key, when it began, when the peer's 250 came) of each message, and other last words."""

    began: float = 0.0
    ended: float = 0.0
    sent: list[tuple[str, float, float]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Refused(Exception):
    """The peer said no."""


class Client:
    """One connection."""

    def __init__(self, order: Order, context: ssl.SSLContext) -> None:
        self._socket = socket.create_connection(("127.0.0.1", order.port), 120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._order = order
        self._replies("2")
        self._say(b"EHLO load.bench.example\r\n", "2")
        if order.tls:
            self._say(b"STARTTLS\r\n", "2")
            self._socket = context.wrap_socket(self._socket, server_hostname="mx.bench.example")
            self._say(b"EHLO load.bench.example\r\n", "2")
        if order.login:
            plain = base64.b64encode("\0".join(("", *order.login)).encode())
            self._say(b"AUTH PLAIN " + plain + b"\r\n", "2")

    def send(self, key: str, text: bytes) -> None:
        """Send one message; Refused when it is not taken."""
        order = self._order
        lines = [f"MAIL FROM:<{order.sender}>\r\n", *(f"RCPT TO:<{each}>\r\n" for each in order.recipients), "DATA\r\n"]
        self._say("".join(lines).encode(), "2" * (len(lines) - 1) + "3")
        if order.rate:
            self._slowly(letters.head(key, order.sender) + text)
            self._say(b".\r\n", "2")
        else:
            self._say(letters.head(key, order.sender) + text + b".\r\n", "2")

    def close(self) -> None:
        """Say goodbye."""
        self._say(b"QUIT\r\n", "2")
        self._socket.close()

    def _slowly(self, octets: bytes) -> None:
        began, view, step = time.monotonic(), memoryview(octets), 65536
        for start in range(0, len(view), step):
            self._socket.sendall(view[start : start + step])
            ahead = began + (start + step) / self._order.rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)

    def _say(self, words: bytes, expected: str) -> None:
        self._socket.sendall(words)
        self._replies(expected)

    def _replies(self, expected: str) -> None:
        """Read as many replies as there are first digits in ``expected``."""
        pending, found = b"", ""
        while len(found) < len(expected):
            received = self._socket.recv(8192)
            if not received:
                raise Refused(f"connection closed after {pending!r}")
            *whole, pending = (pending + received).split(b"\r\n")
            for line in whole:
                if line[3:4] != b"-":
                    if line[:1].decode() != expected[len(found) : len(found) + 1]:
                        raise Refused(line.decode("latin-1"))
                    found += line[:1].decode()


class Load:
    """All sessions of an order."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._text = letters.text(order.length)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._numbers: Iterator[int] = iter(range(order.messages))
        self._lock = threading.Lock()
        self.report = Report()

    def run(self) -> Report:
        """Send everything."""
        threads = [threading.Thread(target=self._session) for _ in range(self._order.sessions)]
        self.report.began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.report.ended = time.monotonic()
        return self.report

    def _session(self) -> None:
        client: Client | None = None
        while (number := self._next()) is not None:
            key = f"{self._order.prefix}-{number}"
            try:
                client = client or Client(self._order.turn(number), self._context)
                began = time.monotonic()
                client.send(key, self._text)
                self.report.sent.append((key, began, time.monotonic()))
                if not self._order.keep:
                    client.close()
                    client = None
            except (OSError, Refused) as error:
                self.report.refused.append(f"{key}: {error}"[:200])
                client = None
        if client is not None:
            client.close()

    def _next(self) -> int | None:
        order = self._order
        with self._lock:
            number = next(self._numbers, None)
        if number is None or (order.seconds and time.monotonic() - self.report.began > order.seconds):
            return None
        ahead = self.report.began + number * order.interval - time.monotonic()
        if order.interval and ahead > 0:
            time.sleep(ahead)
        return number


def main() -> None:
    """Carry out the order in the first argument."""
    values = json.loads(sys.argv[1])
    values["recipients"] = tuple(values["recipients"])
    # An unbuffered stdout, as PYTHONUNBUFFERED makes it, takes what the pipe holds and drops the rest.
    with open(1, "w", closefd=False) as out:
        json.dump(Load(Order(**values)).run().__dict__, out)


if __name__ == "__main__":
    main()
