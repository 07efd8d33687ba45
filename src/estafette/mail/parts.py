"""MIME parts: leaves of text and files, and what holds them together (RFC 2045, 2046, 2183, 2387)."""

from __future__ import annotations

import mimetypes
import re
from base64 import b64encode
from collections.abc import Sequence

from estafette.mail import words
from estafette.mail.overlong import quoted_printable
from estafette.model.letter import Attachment

_LINE_END = re.compile(r"\r\n|\r|\n")
_PLAIN = bytes((9, 10, 13, *range(32, 127)))
_TOKEN = r"[A-Za-z0-9!#$&^_.+-]{1,127}"  # noqa: S105 - a word of the grammar
_TYPE = re.compile(rf'({_TOKEN})/({_TOKEN})((?:\s*;\s*{_TOKEN}=(?:{_TOKEN}|"[ !#-\[\]-~]{{0,200}}"))*)\s*')
_CID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_{|}~.@-]{1,200}")
_SHORT = 300
#: Octets that become one line of base64.
_ROW = 57


def text_part(text: str, subtype: str) -> bytes:
    """Return a part of type text, CRLF at its end; 7bit when it can be, else whichever encoding is shorter."""
    body = crlf(text).encode()
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    ascii_only = body.isascii()
    charset = "us-ascii" if ascii_only else "utf-8"
    head = f"Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: "
    if ascii_only and _seven_bit(body):
        return f"{head}7bit\r\n\r\n".encode() + body
    if not ascii_only and 6 * _beyond(body) > len(body):
        return f"{head}base64\r\n\r\n".encode() + base64_lines(body)
    return f"{head}quoted-printable\r\n\r\n".encode() + quoted_printable(body)


def _seven_bit(body: bytes) -> bool:
    """Whether a text may stand as it is: short lines, no control character, nothing like one of our boundaries."""
    return not body.translate(None, _PLAIN) and _short(body) and (b"_" not in body or b"--=_" not in body)


def _short(body: bytes) -> bool:
    """Whether no line has more than ``_SHORT`` octets; looks at about one place in so many."""
    position = 0
    last = len(body) - _SHORT
    while position < last:
        found = body.rfind(b"\n", position, position + _SHORT + 1)
        if found < 0:
            return False
        position = found + 1
    return True


def crlf(text: str) -> str:
    """Return a text whose every line ends in CRLF, however it ended before."""
    if "\r" in text:
        return _LINE_END.sub("\r\n", text)
    return text.replace("\n", "\r\n")


def _beyond(body: bytes) -> int:
    return len(body) - len(body.decode().encode("ascii", "ignore"))


def base64_lines(data: bytes) -> bytes:
    """Return data as base64 in lines of 76 characters (RFC 2045 section 6.8)."""
    return b"".join(b64encode(data[at : at + _ROW]) + b"\r\n" for at in range(0, len(data), _ROW))


def media_type(attachment: Attachment) -> str:
    """Return the type to declare; BadText for one that is none. A type that base64 may not carry becomes octets."""
    given = attachment.type or mimetypes.guess_type(attachment.name, strict=False)[0] or "application/octet-stream"
    match = _TYPE.fullmatch(given)
    if match is None:
        raise words.BadText("is no media type such as image/png")
    if match[1].lower() in {"multipart", "message"}:
        return "application/octet-stream"
    return given.strip()


def file_part(attachment: Attachment) -> bytes:
    """Return the whole part of a file, inline when it has a content id; BadText names what is wrong with it."""
    kind = media_type(attachment)
    name = attachment.name.replace("/", "_").replace("\\", "_") or "attachment"
    main, *rest = [piece.strip() for piece in kind.split(";")]
    shown = " ".join(words.encoded(name)) if not name.isascii() else ""
    tokens = [main, *rest, *([f'name="{shown}"'] if shown and len(shown) <= 75 else [])]
    fields = [words.folded("Content-Type", _listed(tokens)), "Content-Transfer-Encoding: base64\r\n"]
    if attachment.cid:
        if _CID.fullmatch(attachment.cid) is None:
            raise words.BadText("is no content id")
        fields.append(f"Content-ID: <{attachment.cid}>\r\n")
    place = "inline" if attachment.cid else "attachment"
    fields.append(words.folded("Content-Disposition", [f"{place};", *words.parameter("filename", name)]))
    return "".join(fields).encode() + b"\r\n" + base64_lines(attachment.content)


def _listed(tokens: Sequence[str]) -> list[str]:
    return [*(f"{token};" for token in tokens[:-1]), tokens[-1]]


def multipart(subtype: str, boundary: str, parts: Sequence[bytes], parameters: str = "") -> bytes:
    """Return parts held together. boundary: occurs in none of them; each part ends with CRLF."""
    head = f'Content-Type: multipart/{subtype};{parameters}\r\n boundary="{boundary}"\r\n\r\n'
    between = f"--{boundary}\r\n".encode()
    return head.encode() + b"".join(between + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
