"""A whole message whose texts are templates, or are replaced by those of one: read, filled in and written again.

Its other parts and fields stay as they came. What cannot be read is ``Unreadable``; nothing is guessed.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Callable
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from quopri import decodestring
from typing import Literal

import msgspec

from estafette.mail import words
from estafette.mail.headers import Head, unfold
from estafette.mail.mime import SEALED, Part, attached, spans
from estafette.mail.parts import multipart, text_part

Kind = Literal["subject", "text", "html"]
_TEXTS: dict[bytes, Kind] = {b"text/plain": "text", b"text/html": "html"}
_CHARSET = re.compile(rb"""charset[ \t]*=[ \t]*"?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
#: Charsets that mail is written in and that cost no more to read than they are long.
_CHARSETS = frozenset({
    "ascii", "utf-8", "iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15", "cp1250", "cp1251",
    "cp1252", "cp1253", "cp1254", "koi8-r", "shift_jis", "gb2312", "gbk", "big5", "euc_kr", "euc_jp",
})  # fmt: skip
#: Texts of one message; each is a template to be read.
MOST_TEXTS = 8


class Unreadable(ValueError):
    """A message that cannot be read or written as a template; says why."""


class Texts(msgspec.Struct, frozen=True):
    """What a message says: rendered, or to be rendered."""

    subject: str = ""
    text: str = ""
    html: str = ""


def filled(body: bytes, fill: Callable[[Kind, str], str], drop: frozenset[bytes]) -> bytes:
    """Return a message whose subject and texts went through ``fill``. drop: fields to leave out, lower case."""
    head, parts = Head.parse(body), _parts(body)
    if sum(_kind(body, part) is not None for part in parts) > MOST_TEXTS:
        raise Unreadable(f"it has more than {MOST_TEXTS} texts")
    pieces, at = [], parts[0].body
    for index, part in enumerate(parts):
        if index and (kind := _kind(body, part)):
            pieces += [body[at : part.start], _filled(body, part, kind, fill)[:-2]]
            at = part.stop
    subject = fill("subject", _subject(head))
    kind = _kind(body, parts[0])
    if kind:
        return _head(body, head, drop, subject, retyped=True) + _filled(body, parts[0], kind, fill)
    return b"".join([_head(body, head, drop, subject, retyped=False), b"\r\n", *pieces, body[at:]])


def replaced(body: bytes, texts: Texts, drop: frozenset[bytes], seed: str) -> bytes:
    """Return a message with other texts; files that were attached stay. seed: makes boundaries."""
    head, parts = Head.parse(body), _parts(body)
    leaves = [
        part for index, part in enumerate(parts)
        if index and not part.boundary and _kind(body, part) is None
    ]  # fmt: skip
    written = [text_part(text, kind) for text, kind in ((texts.text, "plain"), (texts.html, "html")) if text]
    whole = written[0] if len(written) == 1 else multipart("alternative", f"=_{seed}_a", written)
    if leaves:
        files = [body[part.start : part.stop] + b"\r\n" for part in leaves]
        whole = multipart("mixed", f"=_{seed}_m", [whole, *files])
    return _head(body, head, drop, texts.subject or _subject(head), retyped=True) + whole


def subject_of(body: bytes) -> str:
    """Return the decoded subject of a message. Unreadable."""
    return _subject(Head.parse(body))


def _parts(body: bytes) -> list[Part]:
    parts = spans(body)
    if parts[0].opaque:
        raise Unreadable("its parts are nested too deeply")
    if any(part.type in SEALED for part in parts):
        raise Unreadable("it is signed or encrypted")
    return parts


def _kind(body: bytes, part: Part) -> Kind | None:
    """Return which text a part is, None for a file."""
    if part.boundary or attached(body, part):
        return None
    return _TEXTS.get(part.type)


def _filled(body: bytes, part: Part, kind: Kind, fill: Callable[[Kind, str], str]) -> bytes:
    return text_part(fill(kind, _decoded(body, part)), "plain" if kind == "text" else "html")


def _decoded(body: bytes, part: Part) -> str:
    octets = body[part.body : part.stop]
    if part.encoding == b"base64":
        try:
            octets = binascii.a2b_base64(octets)
        except binascii.Error:
            raise Unreadable("a text is no base64") from None
    elif part.encoding == b"quoted-printable":
        octets = decodestring(octets)
    found = _CHARSET.search(body[part.start : part.body])
    name = found[1].decode() if found else "utf-8"
    try:
        charset = codecs.lookup(name).name
        if charset not in _CHARSETS:
            raise Unreadable(f"a text is in {name}; send UTF-8")
        return octets.decode(charset if charset != "ascii" else "utf-8").replace("\r\n", "\n")
    except (LookupError, UnicodeDecodeError):
        raise Unreadable(f"a text is not the {name} that it says") from None


def _subject(head: Head) -> str:
    raw = unfold(head.first(b"subject") or b"")
    try:
        return str(make_header(decode_header(raw.decode())))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        raise Unreadable("its subject cannot be read") from None


def _head(body: bytes, head: Head, drop: frozenset[bytes], subject: str, *, retyped: bool) -> bytes:
    """Return the header section, without its empty line. retyped: MIME fields of the whole follow it anew."""
    kept = [
        body[start:stop] for name, start, _, stop in head.fields
        if name != b"subject" and name not in drop and not (retyped and _describes(name))
    ]  # fmt: skip
    try:
        added = words.unstructured("Subject", " ".join(subject.split())).encode() if subject.strip() else b""
    except words.BadText as error:
        raise Unreadable(f"its subject {error}") from None
    return b"".join([*kept, added, b"MIME-Version: 1.0\r\n" if retyped else b""])


def _describes(name: bytes) -> bool:
    return name.startswith(b"content-") or name == b"mime-version"
