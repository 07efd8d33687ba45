"""A stranger's message taken apart for people and programs: its fields, its text, its HTML, and what is attached.

Everything is bounded and nothing is believed: a type, a name or a character set is what the sender says. Messages
within messages are files like any other and are not looked into; of a message with more parts than ``mime.spans`` walks
only the header is told. The HTML is the sender's, as it came: whoever shows it has to lock it in.
"""

from __future__ import annotations

import re
from binascii import Error as NoBase64
from binascii import a2b_base64
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from quopri import decodestring

import msgspec

from estafette.base.errors import Refusal
from estafette.mail.charsets import decoded
from estafette.mail.excerpt import printable
from estafette.mail.headers import Head, unfold
from estafette.mail.mime import Part, attached, spans

#: Characters of a field, of text and of HTML that are told, fields told, and files listed.
FIELD = 2_000
TEXT = 1 << 20
FIELDS = 200
FILES = 1_000
_NAME = 200
#: Octets of a field that names a file: the reader of its parameters takes long for long ones.
_NAMING = 800
#: Lines that look like boundaries: each is a step of ``spans``, however few parts there are.
_LINES_LOOKED = 100_000
_RAW = 4 * TEXT
_CHARSET = re.compile(rb'charset[ \t]*=[ \t]*"?([A-Za-z0-9_.:-]{1,40})', re.IGNORECASE)
_TYPE = re.compile(rb"^Content-Type[ \t]*:(.*?)(?:\r\n(?![ \t])|\Z)", re.IGNORECASE | re.DOTALL | re.MULTILINE)
_PLACE = re.compile(rb"^Content-Disposition[ \t]*:(.*?)(?:\r\n(?![ \t])|\Z)", re.IGNORECASE | re.DOTALL | re.MULTILINE)
_ID = re.compile(rb"^Content-ID[ \t]*:[ \t\r\n]*<([!-;=?-~]{1,200})>", re.IGNORECASE | re.MULTILINE)
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_LINES = re.compile(r"[\r\n]+")
_MEDIA = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}")
_UNSAFE = re.compile(r'[/\\:*?"<>|]')


class File(msgspec.Struct, frozen=True):
    """An attachment. number: from 1, its place among them. type: as the sender says. size: octets, decoded.

    cid: the name by which the HTML shows it (RFC 2392), "" for none.
    """

    number: int
    name: str
    type: str
    size: int
    cid: str = ""


class Incoming(msgspec.Struct, frozen=True):
    """A message for whoever reads it. Its texts are decoded; fields are on one line.

    sender: From; subject, date, message_id: as they stand in the message, decoded. fields: (name, value) in their
    order, ours first. opaque: it has more parts or levels than are looked at, so that text and files are not known.
    cut: a text, a field or the list of files is told in part; the whole is in the message as it came.
    """

    sender: str = ""
    to: str = ""
    cc: str = ""
    reply_to: str = ""
    subject: str = ""
    date: str = ""
    message_id: str = ""
    text: str = ""
    html: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()
    opaque: bool = False
    cut: bool = False


def incoming(message: bytes) -> Incoming:
    """Return a message taken apart; of one that cannot be read, as much as can."""
    try:
        head = Head.parse(message)
    except Refusal:
        return Incoming(opaque=True, cut=True)
    parts = _parts(message)
    opaque = parts[0].opaque
    text, html = (
        (None, None) if opaque else (_first(message, parts, b"text/plain"), _first(message, parts, b"text/html"))
    )
    files = [] if opaque else _files(parts, text, html)
    words, page = _text(message, text), _text(message, html)
    fields = [
        (_title(head, begin, start), _readable(head, start, stop)) for name, begin, start, stop in head.fields if name
    ]
    return Incoming(
        sender=_field(head, b"from"), to=_field(head, b"to"), cc=_field(head, b"cc"),
        reply_to=_field(head, b"reply-to"), subject=_field(head, b"subject"), date=_field(head, b"date"),
        message_id=_field(head, b"message-id"), text=words[:TEXT], html=page[:TEXT],
        fields=tuple(fields[:FIELDS]),
        files=tuple(_file(message, part, number) for number, part in enumerate(files[:FILES], 1)), opaque=opaque,
        cut=max(len(words), len(page)) > TEXT or len(fields) > FIELDS or len(files) > FILES
        or any(len(value) == FIELD for _, value in fields),
    )  # fmt: skip


def attachment(message: bytes, number: int) -> tuple[File, bytes] | None:
    """Return an attachment by its number, decoded; None when there is none."""
    parts = _parts(message)
    if parts[0].opaque:
        return None
    text, html = _first(message, parts, b"text/plain"), _first(message, parts, b"text/html")
    files = _files(parts, text, html)[:FILES]
    if not 1 <= number <= len(files):
        return None
    part = files[number - 1]
    return _file(message, part, number), _octets(part.encoding, message[part.body : part.stop])


def _parts(message: bytes) -> list[Part]:
    if message.count(b"\r\n--") > _LINES_LOOKED:
        return [Part(0, 0, len(message), -1, 0, b"", b"", opaque=True)]
    return spans(message)


def _first(message: bytes, parts: list[Part], kind: bytes) -> Part | None:
    """Return the part that is a message's text of a type: the first that is neither attached nor has a file's name."""
    return next(
        (each for each in parts if each.type == kind and not attached(message, each) and not _name(message, each)), None
    )


def _files(parts: list[Part], text: Part | None, html: Part | None) -> list[Part]:
    return [each for each in parts if not each.boundary and each is not text and each is not html]


def _text(message: bytes, part: Part | None) -> str:
    if part is None:
        return ""
    octets = _octets(part.encoding, message[part.body : min(part.stop, part.body + _RAW)])
    named = _CHARSET.search(message, part.start, part.body)
    text = decoded(octets, named[1].decode("ascii") if named else "utf-8")
    return text.replace("\r\n", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _octets(encoding: bytes, raw: bytes) -> bytes:
    """Return a body with its transfer encoding undone; what is wrongly encoded stays as it is."""
    if encoding == b"quoted-printable":
        return decodestring(raw)
    if encoding == b"base64":
        clean = _NO_BASE64.sub(b"", raw)
        try:
            return a2b_base64(clean[: len(clean) // 4 * 4])
        except NoBase64:
            return raw
    return raw


def _file(message: bytes, part: Part, number: int) -> File:
    kind = part.type.decode("ascii", "replace")
    kind = kind if _MEDIA.fullmatch(kind) else "application/octet-stream"
    cid = _ID.search(message, part.start, part.body)
    return File(
        number, _name(message, part) or f"part-{number}", kind,
        len(_octets(part.encoding, message[part.body : part.stop])), cid[1].decode("ascii") if cid else "",
    )  # fmt: skip


def _name(message: bytes, part: Part) -> str:
    """Return the name that a part has as a file (RFC 2183, RFC 2231), without folders; "" for none."""
    said = Message()
    for name, pattern in (("Content-Disposition", _PLACE), ("Content-Type", _TYPE)):
        if (found := pattern.search(message, part.start, part.body)) is not None:
            said[name] = _LINES.sub(" ", found[1][:_NAMING].decode("utf-8", "replace"))
    try:
        name = said.get_filename("")
    except (ValueError, LookupError, TypeError):
        return ""
    name = printable(_words(name)).rpartition("/")[2].rpartition("\\")[2]
    return _UNSAFE.sub("_", name).strip(" .")[:_NAME]


def _field(head: Head, name: bytes) -> str:
    value = head.first(name)
    return "" if value is None else _shown(value)


def _title(head: Head, begin: int, start: int) -> str:
    return printable(head.section[begin : start - 1].decode("utf-8", "replace"))[:_NAME]


def _readable(head: Head, start: int, stop: int) -> str:
    return _shown(head.section[start : stop - 2])


def _shown(value: bytes) -> str:
    return printable(_words(unfold(value)[: 2 * FIELD].decode("utf-8", "replace")))[:FIELD]


def _words(text: str) -> str:
    """Return text with its encoded words read (RFC 2047); what cannot be decoded stays as it stands."""
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError, HeaderParseError):
        return text
