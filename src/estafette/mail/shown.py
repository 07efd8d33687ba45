"""What a message shows a reader: its HTML, else its text, with the pictures that it carries, for a page of its own."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as NoBase64
from binascii import a2b_base64
from quopri import decodestring

import msgspec

from estafette.mail.mime import Part, spans

#: Octets of all pictures that are written into the page.
MOST_PICTURES = 4 << 20
_CHARSET = re.compile(rb"""charset[ \t]*=[ \t]*"?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_ATTACHED = re.compile(rb"^Content-Disposition[ \t]*:[ \t\r\n]*attachment", re.IGNORECASE | re.MULTILINE)
_ID = re.compile(rb"^Content-ID[ \t]*:[ \t\r\n]*<([^<>\s]{1,200})>", re.IGNORECASE | re.MULTILINE)
_CID = re.compile(rb"cid:([^\s\"'()<>]{1,200})", re.IGNORECASE)
_PICTURES = re.compile(rb"image/(?:png|jpeg|gif|webp|bmp)")


class Shown(msgspec.Struct, frozen=True):
    """A page. type: ``text/html`` or ``text/plain``; charset: as the message says, in the letters of a name."""

    type: str
    charset: str
    body: bytes


def shown(message: bytes) -> Shown | None:
    """Return what a message shows; None when it has no text, or its parts cannot be told apart."""
    parts = spans(message)
    if parts[0].opaque:
        return None
    texts = {part.type: part for part in reversed(parts) if _is_text(message, part)}
    chosen = texts.get(b"text/html") or texts.get(b"text/plain")
    if chosen is None:
        return None
    body = _decoded(message, chosen)
    if chosen.type == b"text/html":
        body = _with_pictures(body, message, parts)
    found = _CHARSET.search(message[chosen.start : chosen.body])
    return Shown(chosen.type.decode(), found[1].decode() if found else "utf-8", body)


def _is_text(message: bytes, part: Part) -> bool:
    return part.type in {b"text/html", b"text/plain"} and not _ATTACHED.search(message, part.start, part.body)


def _decoded(message: bytes, part: Part) -> bytes:
    octets = message[part.body : part.stop]
    if part.encoding == b"quoted-printable":
        return decodestring(octets)
    if part.encoding == b"base64":
        try:
            return a2b_base64(octets)
        except NoBase64:
            return b""
    return octets


def _with_pictures(html: bytes, message: bytes, parts: list[Part]) -> bytes:
    """Write the pictures that a page names by their Content-ID (RFC 2392) into it."""
    named = {found[1]: part for part in parts if (found := _ID.search(message, part.start, part.body))}
    left = MOST_PICTURES

    def address(found: re.Match[bytes]) -> bytes:
        nonlocal left
        part = named.get(found[1])
        if part is None or left < 0 or not _PICTURES.fullmatch(part.type):
            return found[0]
        picture = _decoded(message, part)
        left -= len(picture)
        return b"data:%s;base64,%s" % (part.type, b64encode(picture)) if left >= 0 else found[0]

    return _CID.sub(address, html) if named else html
