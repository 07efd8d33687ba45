"""Mailboxes as many services take them: one line of text, with commas between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from estafette.model.address import AddressError
from estafette.model.letter import Mailbox, read_mailbox

_MARK = re.compile(r'[",<>]|\\.')


def mailboxes(line: str) -> tuple[Mailbox, ...]:
    """Return the mailboxes of a line; a piece that is none stands as an address, and is refused as one."""
    return tuple(_mailbox(piece) for piece in _pieces(line) if piece)


def _pieces(line: str) -> Iterator[str]:
    """Yield what stands between commas that are neither in quotes nor in angle brackets."""
    begin, quoted, opened = 0, False, False
    for mark in _MARK.finditer(line):
        if mark[0] == '"':
            quoted = not quoted
        elif mark[0] in "<>" and not quoted:
            opened = mark[0] == "<"
        elif mark[0] == "," and not quoted and not opened:
            yield line[begin : mark.start()].strip()
            begin = mark.end()
    yield line[begin:].strip()


def _mailbox(piece: str) -> Mailbox:
    try:
        found = read_mailbox(piece)
    except AddressError:
        return Mailbox(piece)
    return Mailbox(found.address, decoded(found.name))


def decoded(name: str) -> str:
    """Return a name whose encoded words (RFC 2047) are read; as it is when they cannot be."""
    if "=?" not in name:
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name
