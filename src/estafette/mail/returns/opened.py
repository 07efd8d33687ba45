"""A returned message opened within limits: its parts decoded, whatever they claim to be."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from functools import cached_property

from estafette.base.errors import Refusal
from estafette.mail.charsets import decoded
from estafette.mail.headers import Head, unfold
from estafette.mail.mime import Part, spans

#: Octets of a message that are looked at, and of a part that is decoded.
WHOLE = 512 * 1024
DECODED = 64 * 1024
_FIELD = 1_000
_CHARSET_OF = re.compile(rb'charset[ \t]*=[ \t]*"?([A-Za-z0-9_.:-]{1,40})', re.IGNORECASE)
_TYPE = re.compile(rb"^Content-Type[ \t]*:(.*?)(?:\r\n(?![ \t])|\Z)", re.IGNORECASE | re.DOTALL | re.MULTILINE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_TAG = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)[^<>]{0,200}>", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,2000}>")


class Opened:
    """One message. head: None when it exceeds all bounds. parts: as ``mime.spans`` gives them."""

    def __init__(self, message: bytes) -> None:
        self.message = message[:WHOLE]
        self.parts = spans(self.message)

    @cached_property
    def head(self) -> Head | None:
        """The header section; most reports are read without it."""
        try:
            return Head.parse(self.message)
        except Refusal:
            return None

    @property
    def type(self) -> bytes:
        """The media type, lower case."""
        return self.parts[0].type

    @property
    def opaque(self) -> bool:
        """Whether it has more levels or parts than are looked at."""
        return self.parts[0].opaque

    def field(self, name: bytes) -> str:
        """Return the first field of this lower-case name as text on one line, "" when there is none."""
        value = self.head.first(name) if self.head is not None else None
        return "" if value is None else unfold(value[:_FIELD]).decode("utf-8", "replace")

    def has(self, name: bytes) -> bool:
        """Whether a field of this lower-case name is present."""
        return self.head is not None and self.head.contains(name)

    def of_type(self, *types: bytes) -> Iterator[Part]:
        """Yield the parts of some types, in their order."""
        return (part for part in self.parts if part.type in types)

    def octets(self, part: Part) -> bytes:
        """Return the body of a part, its transfer encoding undone; what is wrongly encoded stays as it is."""
        raw = self.message[part.body : min(part.stop, part.body + DECODED)]
        if part.encoding == b"base64":
            return _unbase64(raw)
        if part.encoding == b"quoted-printable":
            return quopri.decodestring(raw)
        return raw

    def text(self, part: Part) -> str:
        """Return the body of a part as text; octets that fit no character set become question marks."""
        data = self.octets(part)
        header = _TYPE.search(self.message, part.start, part.body)
        named = _CHARSET_OF.search(header[1]) if header else None
        text = decoded(data, named[1].decode("ascii") if named else "utf-8")
        return _unmarked(text) if part.type == b"text/html" else text

    def words(self) -> str:
        """Return the first part that is for people, as text; of an opaque message its beginning."""
        if self.opaque:
            start = self.head.end if self.head is not None else 0
            return decoded(self.message[start : start + DECODED])
        for wanted in (b"text/plain", b"text/html"):
            for part in self.of_type(wanted):
                if text := self.text(part).strip():
                    return text
        return ""

    def enclosed(self) -> Iterator[bytes]:
        """Yield the messages that are attached whole."""
        for part in self.of_type(b"message/rfc822", b"message/global"):
            if not part.opaque:
                yield self.octets(part) if part.encoding == b"base64" else self.message[part.body : part.stop]


def _unbase64(raw: bytes) -> bytes:
    clean = _NOT_BASE64.sub(b"", raw)
    try:
        return base64.b64decode(clean[: len(clean) // 4 * 4] or b"")
    except (binascii.Error, ValueError):
        return raw


def _unmarked(html: str) -> str:
    return _MARKUP.sub("", _TAG.sub("\n", html)).replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">")
