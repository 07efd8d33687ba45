"""When a call that failed is made again: the schedule is data, the other side's wish is heard, and chance spreads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: How far a wait may be off the schedule, so that calls which failed together do not come back together.
SPREAD = 0.2
#: The longest that ``Retry-After`` may put a call off, seconds.
LONGEST = 86_400.0


def wait(waits: Sequence[float], tried: int, wish: float, chance: float) -> float | None:
    """Return the seconds until the next attempt after ``tried`` ones, None when there is none.

    wish: seconds of ``Retry-After``, 0 without; it only makes longer. chance: of [0, 1).
    """
    if tried > len(waits):
        return None
    return max(waits[tried - 1] * (1 + SPREAD * (2 * chance - 1)), min(wish, LONGEST))


def wished(field: str, now: float) -> float:
    """Return the seconds that a ``Retry-After`` asks for (RFC 9110, 10.2.3), 0 for one that cannot be read."""
    text = field.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), LONGEST)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return 0.0
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (aware - datetime.fromtimestamp(now, UTC)).total_seconds()), LONGEST)
