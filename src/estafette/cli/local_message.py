"""A message as local programs write it, completed as sendmail does: lines, From, addresses without a domain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.utils import getaddresses, quote

from estafette.cli.local_names import LocalNames
from estafette.mail.headers import Head, unfold

_LINE_END = re.compile(rb"\r\n|\r|\n")
#: Fields whose addresses get a domain.
_COMPLETED = (b"from", b"to", b"cc")
_RECIPIENTS = (b"to", b"cc", b"bcc")


class LocalMessage:
    """A message with CRLF lines. text: as a program wrote it; dot_ends: a line with a dot alone ends it."""

    def __init__(self, text: bytes, *, dot_ends: bool = False) -> None:
        lines = _LINE_END.sub(b"\r\n", text)
        if lines.startswith(b"From "):
            lines = lines.partition(b"\r\n")[2]
        before, dot, _ = (b"\r\n" + lines).partition(b"\r\n.\r\n")
        if dot and dot_ends:
            lines = before[2:] + b"\r\n"
        self._text = lines
        self._head = Head.parse(lines)

    def recipients(self) -> list[str]:
        """Return the addresses in To, Cc and Bcc."""
        return [address for name in _RECIPIENTS for address in self._addresses(name)]

    def author(self) -> str | None:
        """Return the first address in From."""
        return next(iter(self._addresses(b"from")), None)

    def completed(self, names: LocalNames, author: str, full_name: str = "") -> bytes:
        """Return the message with a From, and a domain in every address of From, To and Cc.

        author, full_name: who a missing From names.
        """
        head, text = self._head, self._text
        added = [] if head.contains(b"from") else [b"From: " + _shown([(full_name, author)]) + b"\r\n"]
        if not head.fields:
            return b"".join(added) + (text if head.divided else b"\r\n" + text)
        position = 0
        for name, start, value, stop in head.fields:
            mended = self._mended(name, text[value : stop - 2], names)
            if mended is not None:
                added += [text[position:start], name.title() + b": " + mended + b"\r\n"]
                position = stop
        return b"".join([*added, text[position:]])

    def _mended(self, name: bytes, value: bytes, names: LocalNames) -> bytes | None:
        """Return a field's value with domains; None when none is missing."""
        pairs = list(_pairs(value)) if name in _COMPLETED else []
        if all("@" in address for _, address in pairs):
            return None
        return _shown([(shown, names.complete(address)) for shown, address in pairs])

    def _addresses(self, name: bytes) -> list[str]:
        return [address for value in self._head.get_all(name) for _, address in _pairs(value)]


def addresses(words: Sequence[str]) -> list[str]:
    """Return the addresses in words of a command line, each one or several, with names or without."""
    return [address for _, address in getaddresses(list(words)) if address]


def _pairs(value: bytes) -> Iterator[tuple[str, str]]:
    """Yield names and addresses of a field."""
    text = unfold(value).decode("utf-8", "surrogateescape")
    return ((name, address) for name, address in getaddresses([text]) if address)


def _shown(pairs: Sequence[tuple[str, str]]) -> bytes:
    texts = [f'"{quote(name)}" <{address}>' if name else address for name, address in pairs]
    return ", ".join(texts).encode("utf-8", "surrogateescape")
