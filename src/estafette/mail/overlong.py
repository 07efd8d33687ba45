"""Lines above 998 octets (RFC 5322 section 2.1.1) made short without changing what they say.

Header lines are folded at a blank; text parts become quoted-printable, base64 is wrapped anew. What is
signed, encrypted, or no text is left alone, so the message is refused: to cut it silently would falsify it.
"""

from __future__ import annotations

import binascii
import re

from estafette.base.errors import Refusal
from estafette.mail.headers import Head
from estafette.mail.mime import Part, sealed, spans

_LIMIT = 998
_LONG_LINE = re.compile(rb"[^\r\n]{999}")
_ENCODING_FIELD = re.compile(rb"^Content-Transfer-Encoding[ \t]*:.*\r\n(?:[ \t].*\r\n)*", re.IGNORECASE | re.MULTILINE)
_BASE64_JUNK = re.compile(rb"[^A-Za-z0-9+/=]")
_PLAIN_ENCODINGS = frozenset({b"7bit", b"8bit", b"binary"})


def reencode(message: bytes) -> bytes:
    """Return the message without overlong lines; Refusal 550 5.6.0 when one cannot be repaired."""
    message = _fold_header(message)
    parts = spans(message)
    pieces: list[bytes] = []
    position = 0
    for index, part in enumerate(parts):
        if part.boundary and not part.opaque:
            continue
        if _LONG_LINE.search(message, part.start, part.stop) is None:
            continue
        pieces += (message[position : part.start], _short(message, parts, index))
        position = part.stop
    repaired = b"".join((*pieces, message[position:]))
    if _LONG_LINE.search(repaired):
        raise _refused("outside of a text part")
    return repaired


def quoted_printable(text: bytes) -> bytes:
    """Return text with CRLF lines as quoted-printable (RFC 2045 section 6.7), lines of at most 76 octets.

    A final CRLF is kept as it is, and none is added.
    """
    if text.endswith(b"\r\n"):
        return _quoted(text)
    return _quoted(text + b"\r\n")[:-2]


def _quoted(text: bytes) -> bytes:
    """The binding takes the form of its soft breaks from the first line end, so it needs one."""
    return binascii.b2a_qp(text, istext=True)


def _fold_header(message: bytes) -> bytes:
    head = Head.parse(message)
    section = head.section
    if _LONG_LINE.search(section) is None:
        return message
    folded = b"\r\n".join(_fold(line) for line in section.split(b"\r\n"))
    return folded + message[len(section) :]


def _fold(line: bytes) -> bytes:
    """Break a header line before a blank that has text on both sides; no other octet changes."""
    pieces = []
    while len(line) > _LIMIT:
        at = max(line.rfind(b" ", 1, _LIMIT), line.rfind(b"\t", 1, _LIMIT))
        if at < 1 or not line[:at].strip() or not line[at:].strip():
            raise _refused("in the header, without a blank to fold at")
        pieces.append(line[:at])
        line = line[at:]
    return b"\r\n".join((*pieces, line))


def _short(message: bytes, parts: list[Part], index: int) -> bytes:
    """Return one leaf part, header section included, with short lines."""
    part = parts[index]
    if part.opaque or sealed(parts, index):
        raise _refused("in a signed, encrypted or too deeply nested part")
    head, body = message[part.start : part.body], message[part.body : part.stop]
    if part.encoding == b"base64":
        return _fold_section(head) + _wrapped(body)
    if part.encoding not in _PLAIN_ENCODINGS or not part.type.startswith(b"text/"):
        raise _refused("in a part that is no plain text")
    return _relabelled(_fold_section(head)) + quoted_printable(body)


def _fold_section(section: bytes) -> bytes:
    return b"\r\n".join(_fold(line) for line in section.split(b"\r\n"))


def _relabelled(head: bytes) -> bytes:
    """Return a header section, with the empty line that ends it, that names quoted-printable."""
    head = _ENCODING_FIELD.sub(b"", head)
    if not head.endswith(b"\r\n"):
        head = b"\r\n"
    return head[:-2] + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"


def _wrapped(text: bytes) -> bytes:
    data = _BASE64_JUNK.sub(b"", text)
    lines = b"\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    return lines + b"\r\n" if text.endswith(b"\r\n") else lines


def _refused(where: str) -> Refusal:
    return Refusal(550, "5.6.0", f"line over 998 octets {where}", rule="line_too_long")
