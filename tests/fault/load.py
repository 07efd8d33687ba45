"""A client that keeps books: which ids it sent, and which of them got a 250."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import Self

_numbers = count(1)


class Load:
    """Sends from ``sessions`` threads until stopped; reconnects when the service is away.

    accepted: ids whose final reply was 250. ``sent`` holds those and the ones of unknown fate. pause: seconds that a
    session waits after each message, so that a long round does not pile up more than can be delivered.
    """

    def __init__(
        self, address: tuple[str, int], run: str, *, sessions: int = 4, size: int = 500, recipient: str = "j@sink.test",
        pause: float = 0.0,
    ) -> None:  # fmt: skip
        self._address, self._run, self._size, self._recipient = address, run, size, recipient
        self._over = threading.Event()
        self._pause = pause
        self.accepted: list[str] = []
        self.sent: list[str] = []
        self.refused: list[bytes] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(sessions)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(15)

    def reach(self, number: int, within: float = 20.0) -> bool:
        """Return True as soon as ``number`` were accepted."""
        until = time.monotonic() + within
        while len(self.accepted) < number and time.monotonic() < until:
            time.sleep(0.005)
        return len(self.accepted) >= number

    def _work(self) -> None:
        while not self._over.is_set():
            try:
                with socket.create_connection(self._address, 2) as line:
                    line.settimeout(10)
                    self._session(line)
            except OSError:
                self._over.wait(0.05)

    def _session(self, line: socket.socket) -> None:
        replies = _replies(line)
        next(replies)
        line.sendall(b"EHLO load.test\r\n")
        next(replies)
        for _ in range(50):
            if self._over.is_set():
                line.sendall(b"QUIT\r\n")
                return
            self._message(line, replies)
            if self._pause:
                self._over.wait(self._pause)

    def _message(self, line: socket.socket, replies: Iterator[bytes]) -> None:
        identity = f"{self._run}-{next(_numbers)}"
        line.sendall(b"MAIL FROM:<shop@customer.test>\r\nRCPT TO:<%s>\r\nDATA\r\n" % self._recipient.encode())
        answers = [next(replies) for _ in range(3)]
        if not answers[2].startswith(b"354"):
            self.refused.append(answers[2])
            self._over.wait(0.05)
            raise OSError("refused")
        self.sent.append(identity)
        head = f"From: shop@customer.test\r\nTo: {self._recipient}\r\nSubject: load\r\nX-Lid: {identity}\r\n\r\n"
        line.sendall(head.encode() + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * (self._size // 72) + b".\r\n")
        final = next(replies)
        if final.startswith(b"250"):
            self.accepted.append(identity)
        else:
            self.refused.append(final)


def _replies(line: socket.socket) -> Iterator[bytes]:
    with line.makefile("rb") as answers:
        while True:
            reply = answers.readline()
            if not reply:
                raise OSError("closed")
            if reply[3:4] != b"-":
                yield reply
