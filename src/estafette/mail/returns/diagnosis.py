"""The SMTP reply that a report repeats: code, enhanced status, and the words on one harmless line."""

from __future__ import annotations

import re

TEXT = 512
_CODE = re.compile(r"(?<![\d.])([245][0-5]\d)(?=[ \-\r\n#:;,.)]|$)(?!\.\d)")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")


def code_of(text: str) -> int:
    """Return the code of the first SMTP reply in a text, 0 when there is none."""
    found = _CODE.search(text[:TEXT])
    return int(found[1]) if found else 0


def status_of(text: str) -> str:
    """Return the first enhanced status code (RFC 3463) in a text, "" when there is none."""
    found = _STATUS.search(text[:TEXT])
    return found[1] if found else ""


def one_line(text: str, limit: int = TEXT) -> str:
    """Return a text as one line without control or invisible characters, cut to ``limit`` characters."""
    line = " ".join(text[: 4 * limit].split())[:limit]
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)
