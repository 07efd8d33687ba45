"""The text of a message on its way in: end of data, dots, and line ends (RFC 5321 sections 2.3.8 and 4.5.2).

Only CRLF.CRLF ends data. Everything here is linear in the octets received and holds at most one piece.
"""

from __future__ import annotations

import re
from io import IncrementalNewlineDecoder

PIECE = 65_536
#: Dots looked at one by one before the search is for CRLF and dot together.
_DOTS = 24
_ANY_NEWLINE = re.compile(rb"\r\n|\r|\n")


def _line_ends(piece: bytes) -> str | tuple[str, ...] | None:
    """Return which line ends occur. One pass in C: counting CR, LF and CRLF costs four times as much."""
    decoder = IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(piece.decode("latin-1"))
    return decoder.newlines


def _dot_line(buffer: bytearray, start: int) -> int:
    """Find CRLF and a dot. Encoded text has few dots, and one octet is found twenty times as fast as three."""
    at = start + 1
    for _ in range(_DOTS):
        at = buffer.find(b".", at + 1)
        if at < 0:
            return -1
        if buffer[at - 1] == 10 and buffer[at - 2] == 13:
            return at - 2
    return buffer.find(b"\r\n.", at - 1)


class TextCheck:
    """Looks for bare CR and LF over pieces of any cut; repairs them when told to."""

    def __init__(self, *, normalize: bool) -> None:
        self._normalize = normalize
        self._carry = b""
        self.size = 0
        self.bare = False
        self.complete = True

    def feed(self, piece: bytes) -> bytes:
        """Return the piece as it may be kept; a CR at its end waits for what follows."""
        if self._carry:
            piece, self._carry = self._carry + piece, b""
        if piece.endswith(b"\r"):
            piece, self._carry = piece[:-1], b"\r"
        if _line_ends(piece) not in (None, "\r\n"):
            self.bare = True
            if self._normalize:
                piece = _ANY_NEWLINE.sub(b"\r\n", piece)
        if piece:
            self.complete = piece.endswith(b"\r\n")
            self.size += len(piece)
        return piece

    def finish(self) -> bytes:
        """Return what is still to add, so that the last line is complete."""
        if self._carry:
            self.bare = True
        tail = b"" if self.complete and not self._carry else b"\r\n"
        self.size += len(tail)
        return tail

    @property
    def refused(self) -> bool:
        """True when the message broke the rule and is not to be repaired."""
        return self.bare and not self._normalize


class DataReader:
    """Cuts the octets after 354 into unstuffed pieces and finds their end."""

    def __init__(self) -> None:
        self._scanned = 0
        self._first = True
        self._dotted = False

    def read(self, buffer: bytearray, at: int) -> tuple[bytes | None, int, bool]:
        """Look at ``buffer`` from ``at``; return (piece or None for "need more", octets used, whether data ended)."""
        if self._first and buffer.startswith(b".\r\n", at):
            return b"", 3, True
        end = self._end(buffer, at + max(0, self._scanned - 4))
        if end >= 0:
            return self._piece(buffer, at, end + 2), end + 5 - at, True
        held = len(buffer) - at
        if held < PIECE:
            self._scanned = held
            return None, 0, False
        cut = self._cut(buffer, at)
        piece = self._piece(buffer, at, cut)
        self._scanned = held - (cut - at)
        return piece, cut - at, False

    def _end(self, buffer: bytearray, start: int) -> int:
        """Find CRLF.CRLF; until a line begins with a dot, one search tells of both."""
        if not self._dotted:
            dot = _dot_line(buffer, start)
            if dot < 0 or buffer.startswith(b"\r\n", dot + 3):
                return dot
            if len(buffer) < dot + 5:
                return -1
            self._dotted, start = True, dot
        return buffer.find(b"\r\n.\r\n", start)

    def _cut(self, buffer: bytearray, at: int) -> int:
        """Choose an end that parts neither a CRLF nor CRLF and its dot."""
        cut = buffer.rfind(b"\r\n", at)
        if cut > at:
            return cut
        cut = len(buffer) - 4
        return cut - 1 if buffer[cut - 1] == 13 else cut

    def _piece(self, buffer: bytearray, at: int, end: int) -> bytes:
        with memoryview(buffer) as view:
            piece = bytes(view[at:end])
        if self._first:
            self._first = False
            if piece.startswith(b"."):
                piece = piece[1:]
        return piece.replace(b"\r\n.", b"\r\n") if self._dotted else piece
