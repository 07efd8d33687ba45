"""Values of a stranger's report: cut, on one line, numbers within bounds."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from estafette.mail.receivers.fault import Unreadable
from estafette.model.address import AddressError, parse_path

#: Characters of a value, and the greatest number of messages that is believed.
LONGEST = 255
MOST = 10**12
#: Seconds since 1970 at which a report may begin or end (until 2100).
_LATEST = 4_102_444_800


def words(value: object, longest: int = LONGEST) -> str:
    """Return a text on one line without anything that hides or turns it around; what is no text is none."""
    text = value if isinstance(value, str) else ""
    if len(text) <= longest and text.isprintable():
        return text.strip()
    return "".join(c if c.isprintable() else " " for c in text[: 4 * longest]).strip()[:longest]


def token(value: object) -> str:
    """Return a word of a vocabulary, such as ``fail``, in lower case; what is none is ""."""
    text = words(value, 64).lower()
    return text if text.replace("-", "").replace("_", "").isalnum() and text.isascii() else ""


def domain(value: object) -> str:
    """Return a domain in lower-case A-labels, "" for what is none."""
    return _domain(words(value))


@lru_cache(2_048)
def _domain(text: str) -> str:
    # The rows of a report name the same few domains again and again.
    text = text.rstrip(".")
    try:
        return parse_path(f"x@{text}", smtputf8=True).domain if text and not text.startswith("[") else ""
    except AddressError:
        return ""


def address(value: object) -> str:
    """Return a network address in its canonical form, "" for what is none."""
    text = words(value, 64).strip("[]")
    try:
        return "" if "%" in text else str(ip_address(text))  # a zone means something on the reporter's machine only
    except ValueError:
        return ""


def number(value: object) -> int:
    """Return a count, 0 for what is none; what is beyond belief is cut."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return 0
    text = words(value, 24) if isinstance(value, str) else ""
    if isinstance(value, str) and not (text.isascii() and text.isdigit()):
        return 0
    return min(max(int(value if isinstance(value, int) else text), 0), MOST)


def period(begin: float, end: float) -> tuple[float, float]:
    """Return the time that a report is about; Unreadable when it is none."""
    if not 0 < begin <= end <= _LATEST:
        raise Unreadable("form", "the report does not say which time it is about")
    return float(begin), float(end)
