"""SASL as mail clients use it: PLAIN (RFC 4616) and LOGIN, in base64 (RFC 4954 section 4)."""

from __future__ import annotations

import binascii
import re

ASK_USERNAME = b"334 VXNlcm5hbWU6\r\n"
ASK_PASSWORD = b"334 UGFzc3dvcmQ6\r\n"
ASK_PLAIN = b"334 \r\n"
LINE_LIMIT = 12_288
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def decode(line: bytes) -> bytes:
    """Return what a response says; ValueError when it is not canonical base64."""
    if not _BASE64.fullmatch(line):
        raise ValueError("not base64")
    return binascii.a2b_base64(line)


def name(raw: bytes) -> str:
    """Return a user name; ValueError unless it is 1 to 255 characters of UTF-8 without controls."""
    text = raw.decode("utf-8")
    if not 0 < len(text) <= 255 or not text.isprintable():
        raise ValueError("not a user name")
    return text


def plain(blob: bytes) -> tuple[str, bytes]:
    """Return (username, password) of a PLAIN message; ValueError when malformed or acting for another identity."""
    parts = blob.split(b"\0")
    if len(parts) != 3 or (parts[0] and parts[0] != parts[1]):
        raise ValueError("not a PLAIN message for one's own identity")
    return name(parts[1]), parts[2]
