"""Dates as RFC 5322 section 3.3 writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_field(at: float) -> str:
    """Return a moment (seconds since 1970) in UTC, such as ``Thu, 1 Jan 1970 00:00:00 +0000``."""
    return _second(int(at))


@lru_cache(maxsize=16)
def _second(at: int) -> str:
    """Many messages are accepted in one second; all of them write the same text."""
    moment = datetime.fromtimestamp(at, UTC)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day} {month} {moment.year} {moment:%H:%M:%S} +0000"
