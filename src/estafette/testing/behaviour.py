"""What a hostile server does instead of replying."""

from __future__ import annotations

import socket
import threading
from typing import Protocol

import msgspec


class Hangup(Exception):
    """The scripted server closes the connection here."""


class Behaviour(Protocol):
    """One reaction to a command, the greeting or the end of data."""

    def play(self, line: socket.socket, over: threading.Event) -> None:
        """Act on the connection; ``over`` is set when the server shuts down. Raise Hangup to close."""
        ...


class Raw(msgspec.Struct, frozen=True):
    """Send these octets as they are: malformed replies, bare LF, NUL, what no server should say."""

    octets: bytes

    def play(self, line: socket.socket, over: threading.Event) -> None:  # noqa: ARG002 - the shape of Behaviour
        """Send them."""
        line.sendall(self.octets)


class Close(msgspec.Struct, frozen=True):
    """Close without a word, as a crashed peer does; ``reset`` sends RST instead of FIN."""

    reset: bool = False

    def play(self, line: socket.socket, over: threading.Event) -> None:  # noqa: ARG002 - the shape of Behaviour
        """Close."""
        if self.reset:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raise Hangup


class Silence(msgspec.Struct, frozen=True):
    """Say nothing for so many seconds, then close; a peer that hangs."""

    seconds: float = 3600.0

    def play(self, line: socket.socket, over: threading.Event) -> None:  # noqa: ARG002 - the shape of Behaviour
        """Wait."""
        over.wait(self.seconds)
        raise Hangup


class Drip(msgspec.Struct, frozen=True):
    """Send a reply one octet at a time, ``every`` seconds each."""

    reply: str
    every: float = 1.0

    def play(self, line: socket.socket, over: threading.Event) -> None:
        """Drip."""
        for octet in f"{self.reply}\r\n".encode():
            line.sendall(bytes((octet,)))
            if over.wait(self.every):
                raise Hangup


class Endless(msgspec.Struct, frozen=True):
    """Send continuation lines without end (RFC 5321 section 4.2.1 sets no limit on their number)."""

    start: str = "250-and another thing"

    def play(self, line: socket.socket, over: threading.Event) -> None:
        """Send until the peer has had enough."""
        block = f"{self.start}\r\n".encode() * 100
        while not over.is_set():
            line.sendall(block)
        raise Hangup


class BreakTls(msgspec.Struct, frozen=True):
    """Agree to STARTTLS, then answer the handshake with something that is not TLS."""

    instead: bytes = b"500 what did you say?\r\n"

    def play(self, line: socket.socket, over: threading.Event) -> None:  # noqa: ARG002 - the shape of Behaviour
        """Agree and break."""
        line.sendall(b"220 2.0.0 go ahead\r\n")
        line.recv(65536)
        line.sendall(self.instead)
        raise Hangup
