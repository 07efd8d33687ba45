"""Remote words made harmless before they stand in a report that we write."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^\x20-\x7e]")
_HEX = re.compile(r"\+([0-9A-F]{2})")
_WIDTH = 700


def one_line(text: str, limit: int = _WIDTH) -> str:
    """Return text as one line of printable ASCII, cut to ``limit`` characters."""
    return _UNSAFE.sub("?", text[:limit]).strip()


def typed_address(address: str) -> str:
    r"""Return an address as reports write it: ``rfc822; a@b``, or (RFC 6533) ``utf-8; \x{E9}@b``."""
    if address.isascii():
        return f"rfc822; {one_line(address)}"
    escaped = "".join(c if " " < c < "\x7f" and c not in "\\+=" else f"\\x{{{ord(c):02X}}}" for c in address)
    return f"utf-8; {escaped}"


def from_xtext(text: str) -> str:
    """Return what an xtext (RFC 3461 section 4) stands for, as one harmless line."""
    return one_line(_HEX.sub(lambda match: chr(int(match[1], 16)), text))
