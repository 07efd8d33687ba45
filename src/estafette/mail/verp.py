"""Return-path addresses that name the message and recipient they belong to (VERP) and cannot be invented.

The local part is ``r`` and the lower-case base32 of 8 octets message, 3 octets recipient number and the
tag; base32, because mail systems on the way back may change the case of a local part.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

_FORM = "r"
_PLAIN = 11
_LEAST_TAG = 10
_LONGEST_LOCAL = 64
_NUMBERS = 1 << 24


def make(mac: Callable[[bytes], bytes], message: int, number: int, domain: str) -> str:
    """Return the return path of a recipient of a message; number 0 stands for the whole message.

    mac: gives the tag of some octets, 10 (80 bits) to 28 octets long, its key's number included.
    """
    if not 0 <= number < _NUMBERS:
        raise ValueError("a recipient number has 24 bits")
    plain = message.to_bytes(8) + number.to_bytes(3)
    tag = mac(plain + domain.encode())
    if len(tag) < _LEAST_TAG:
        raise ValueError("the tag of a return path has at least 80 bits")
    local = _FORM + base64.b32encode(plain + tag).decode().rstrip("=").lower()
    if len(local) > _LONGEST_LOCAL:
        raise ValueError("the tag of a return path makes the local part exceed 64 characters")
    return f"{local}@{domain}"


def read(verify: Callable[[bytes, bytes], bool], address: str, domain: str) -> tuple[int, int] | None:
    """Return (message, number) of a return path that ``make`` made, in any case; None for all others.

    verify: whether a tag belongs to some octets, with the current or a retired key, compared in constant
    time.
    """
    local, _, host = address.rpartition("@")
    if host.lower() != domain or len(local) > _LONGEST_LOCAL or local[:1].lower() != _FORM:
        return None
    code = local[1:].upper()
    try:
        raw = base64.b32decode(code + "=" * (-len(code) % 8))
    except (binascii.Error, ValueError):
        return None
    plain, tag = raw[:_PLAIN], raw[_PLAIN:]
    if len(tag) < _LEAST_TAG or not verify(plain + domain.encode(), tag):
        return None
    return int.from_bytes(plain[:8]), int.from_bytes(plain[8:])
