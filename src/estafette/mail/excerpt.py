"""What a stranger's message says, in short: its subject, its author, and the beginning of its text."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header

import msgspec

from estafette.base.errors import Refusal
from estafette.mail.headers import Head, unfold
from estafette.mail.returns.opened import Opened

#: Octets of a message that are looked at, and characters that are kept of its text and of a field.
LOOKED = 1 << 20
TEXT = 4_000
FIELD = 250
_BLANK_LINES = re.compile(r"\n{3,}")
_AUTOMATIC = re.compile(rb"[ \t]*no\b", re.IGNORECASE)


class Excerpt(msgspec.Struct, frozen=True):
    """All of it printable, the text with line feeds. automatic: written by a program (RFC 3834 section 5)."""

    author: str = ""
    subject: str = ""
    text: str = ""
    automatic: bool = False


def excerpt(message: bytes) -> Excerpt:
    """Return the excerpt of a message; of one that cannot be read, as much as can."""
    message = message[:LOOKED]
    try:
        head = Head.parse(message)
    except Refusal:
        return Excerpt()
    automatic = unfold(head.first(b"auto-submitted") or b"no")
    return Excerpt(
        author=_field(head, b"from"), subject=_field(head, b"subject"), text=_text(message),
        automatic=_AUTOMATIC.match(automatic) is None,
    )  # fmt: skip


def _field(head: Head, name: bytes) -> str:
    raw = unfold(head.first(name) or b"")[: 4 * FIELD].decode("utf-8", "replace")
    try:
        decoded = str(make_header(decode_header(raw)))
    except (ValueError, LookupError, HeaderParseError):
        decoded = raw
    return printable(decoded)[:FIELD]


def _text(message: bytes) -> str:
    lines = [printable(line).rstrip() for line in Opened(message).words()[: 4 * TEXT].splitlines()]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()[:TEXT]


def printable(text: str) -> str:
    """Return a text on one line without anything that hides or turns it around."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
