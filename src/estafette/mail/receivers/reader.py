"""A report, however it comes: a file, or in a message (RFC 7489 section 7.2.1.1, RFC 8460 section 5.3)."""

from __future__ import annotations

import base64
import binascii
import quopri
import re

from estafette.mail.mime import Part, spans
from estafette.mail.receivers import dmarc, packing, tls
from estafette.mail.receivers.fault import Unreadable
from estafette.model.report import ReceiverReport

#: Octets of a packed report, and attachments of a message that are tried.
LARGEST = 16 * 1024 * 1024
_TRIED = 8
_BEGIN = 512
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BLANK = b" \t\r\n\xef\xbb\xbf"
#: How reports begin that are not packed: any XML, and an object of JSON.
_XML, _JSON = b"<", b"{"
_TEXTS = frozenset({b"text/plain", b"text/html"})


def open_file(octets: bytes) -> tuple[ReceiverReport, ...]:
    """Return what a file says, packed or not, whatever its name; Unreadable."""
    if len(octets) > LARGEST:
        raise Unreadable("too_large", f"more than {LARGEST} octets")
    inside = packing.unpack(octets)
    first = inside[:_BEGIN].lstrip(_BLANK)[:1]
    if first == _JSON:
        return tls.read(inside)
    if first == _XML or inside.startswith(_UTF16):
        return (dmarc.read(inside),)
    raise Unreadable("nothing", "neither XML nor JSON")


def read(message: bytes) -> tuple[ReceiverReport, ...] | None:
    """Return what the first report that a message carries says, None when it carries nothing like one; Unreadable."""
    found: Unreadable | None = None
    for part in _attachments(message):
        octets = _octets(message, part)
        if not _like(octets, part):
            continue
        try:
            return open_file(octets)
        except Unreadable as unreadable:
            # A logo or a signature beside the report must not speak for it.
            if found is None or found.why == "nothing":
                found = unreadable
    if found is not None and found.why != "nothing":
        raise found
    return None


def _attachments(message: bytes) -> list[Part]:
    parts = spans(message)
    if parts[0].opaque:
        raise Unreadable("markup", "more parts or levels than a report has")
    return [part for part in parts if not part.type.startswith((b"multipart/", b"image/"))][:_TRIED]


def _octets(message: bytes, part: Part) -> bytes:
    raw = message[part.body : part.stop]
    if part.encoding == b"base64":
        if len(raw) > 2 * LARGEST:
            raise Unreadable("too_large", f"more than {LARGEST} octets")
        clean = _NOT_BASE64.sub(b"", raw)
        try:
            return base64.b64decode(clean + b"=" * (-len(clean) % 4))
        except (binascii.Error, ValueError):
            return b""
    return quopri.decodestring(raw) if part.encoding == b"quoted-printable" else raw


def _like(octets: bytes, part: Part) -> bool:
    """Whether it is worth a try: words for people may begin with any character, a report never stands among them."""
    if packing.packed(octets):
        return True
    first = octets[:_BEGIN].lstrip(_BLANK)[:1]
    return part.type not in _TEXTS and (first in (_XML, _JSON) or octets.startswith(_UTF16))
