"""The messages that are sent: a key in a header of its own, by which sink and generator know the same message."""

from __future__ import annotations

import re

KEY = re.compile(rb"\r\nX-Bench: (\S+)\r\n")
_LINE = b"The quick brown fox jumps over the lazy dog, seventy octets in a line.\r\n"


def head(key: str, sender: str = "from@bench.example") -> bytes:
    """Return the header section of a message."""
    return (
        f"From: {sender}\r\nTo: to@d0.example\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{key}@bench.example>\r\nX-Bench: {key}\r\nSubject: bench\r\n\r\n"
    ).encode()


def text(octets: int) -> bytes:
    """Return so many octets of plain lines, rounded to whole ones; no line begins with a dot."""
    return _LINE * max(1, octets // len(_LINE))
