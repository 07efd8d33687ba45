"""The relaxed canonical forms of DKIM (RFC 6376 sections 3.4.2 and 3.4.4).

Bodies are those that we send: lines end in CRLF, no CR or LF stands alone. A last line without CRLF counts
as if it had one, because the transfer adds it.
"""

from __future__ import annotations

import hashlib
import re

_BLANK = b" \t\r\n"
_RUN = re.compile(rb"[ \t]+")
_SPACES = re.compile(rb"  +")


def relaxed_body(body: bytes) -> bytes:
    """Return the relaxed form of a whole body."""
    text = _collapse(body.rstrip(_BLANK))
    return text + b"\r\n" if text else b""


def relaxed_field(name: bytes, value: bytes) -> bytes:
    """Return the relaxed form of a field without its last CRLF.

    name: lower case; value: raw, behind the colon.
    """
    if b"\x0b" in value or b"\x0c" in value:
        return name + b":" + _RUN.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name + b":" + b" ".join(value.split())


class BodyHash:
    """SHA-256 of the relaxed form of a body that comes in pieces, cut anywhere."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._held: list[bytes] = []
        self._empty = True

    def update(self, piece: bytes) -> None:
        """Take the next piece.

        Blanks at its end are held back: whether they count depends on what follows.
        """
        text = piece.rstrip(_BLANK)
        if not text:
            self._held.append(piece)
            return
        tail = piece[len(text) :]
        if self._held:
            text = b"".join((*self._held, text))
        self._hash.update(_collapse(text))
        self._held = [tail] if tail else []
        self._empty = False

    def digest(self) -> bytes:
        """Return the hash; nothing may be added afterwards."""
        if not self._empty:
            self._hash.update(b"\r\n")
            self._empty = True
        return self._hash.digest()


def body_hash(body: bytes) -> bytes:
    """Return SHA-256 of the relaxed form of a whole body."""
    return hashlib.sha256(relaxed_body(body)).digest()


def _collapse(text: bytes) -> bytes:
    """Make each run of blanks one space, with none before a line end.

    Looks before it copies, since most mail has no runs. The pattern begins with two literal spaces, so that
    the matcher jumps from run to run; a class would stop at each single blank.
    """
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    if b"  " in text:
        text = _SPACES.sub(b" ", text)
    if b" \r\n" in text:
        text = text.replace(b" \r\n", b"\r\n")
    return text
