r"""Golden dialogs: text files that say, line by line, what client and server exchange.

``C: `` lines are sent, ``S: `` lines are expected; a line ends in CRLF. ``S: 250 ...`` leaves the end open.
Python escapes (``\\n``, ``\\x00``) stand for octets; ``C! `` sends without CRLF. ``# `` begins a comment.
"""

from __future__ import annotations

import codecs
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec


class DialogMismatch(AssertionError):
    """The server said something else than the dialog expects."""


class Turn(msgspec.Struct, frozen=True):
    """One line: ``client`` True is sent, False expected. ``number`` is its place in the file."""

    number: int
    client: bool
    octets: bytes


class Dialog:
    """A parsed dialog. text: the file's content; ValueError for a line that is none of the forms."""

    def __init__(self, text: str, name: str = "dialog") -> None:
        self.name = name
        self.turns = tuple(_turns(text))

    @classmethod
    def load(cls, path: Path) -> Dialog:
        """Read a file."""
        return cls(path.read_text(encoding="utf-8"), path.name)

    def play(self, address: tuple[str, int], timeout: float = 5.0) -> None:
        """Play against a server; DialogMismatch names file, line, expectation and what came."""
        with socket.create_connection(address, timeout) as line, line.makefile("rb") as answers:
            for turn in self.turns:
                if turn.client:
                    line.sendall(turn.octets)
                else:
                    self._expect(turn, answers.readline())

    def _expect(self, turn: Turn, came: bytes) -> None:
        wanted = turn.octets
        open_ended = wanted.endswith(b"...\r\n")
        if came == wanted or (open_ended and came.startswith(wanted[:-5])):
            return
        raise DialogMismatch(f"{self.name}:{turn.number}: expected {wanted!r}, got {came!r}")


def _turns(text: str) -> Iterator[Turn]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        mark, octets = line[:3], codecs.escape_decode(line[3:].encode())[0]
        if mark not in {"C: ", "C! ", "S: ", "C:", "S:"}:
            raise ValueError(f"line {number}: {line!r} begins with none of 'C: ', 'C! ', 'S: ', '#'")
        yield Turn(number, mark[0] == "C", bytes(octets) + (b"" if mark == "C! " else b"\r\n"))
