"""A sending window: the hours of the week in which mail of a stream leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A window that is open once a week opens again within so many days, also when clocks change.
_AHEAD = 9


class SendingWindow(msgspec.Struct, frozen=True):
    """Open on ``days`` from ``opens`` until ``closes`` (``HH:MM``, wall clock of ``zone``, an IANA name).

    closes at or before ``opens`` = on the day after; the window belongs to the day on which it opens. ``24:00`` is the
    end of the day. A time that the clocks leap over is the moment of the leap, one that they repeat is the first.
    """

    days: tuple[str, ...]
    opens: str
    closes: str
    zone: str


def opening(window: SendingWindow, at: float) -> float:
    """Return ``at`` when the window is open then, else when it opens next; unix seconds."""
    zone = ZoneInfo(window.zone)
    today = datetime.fromtimestamp(at, UTC).astimezone(zone).date()
    for ahead in range(-1, _AHEAD):
        start, end = _span(window, today + timedelta(days=ahead))
        if start < end and at < end:
            return max(at, start)
    return at


def minutes(text: str) -> int:
    """Return the minutes of ``HH:MM``, 0 to 1440; ValueError when it is none."""
    hour, colon, minute = text.partition(":")
    if not (colon and len(hour) == 2 and len(minute) == 2 and hour.isdecimal() and minute.isdecimal()):
        raise ValueError(f"{text!r} is no time of day such as 08:30")
    found = int(hour) * 60 + int(minute)
    if int(minute) > 59 or found > 1440:
        raise ValueError(f"{text!r} is no time of day such as 08:30")
    return found


@lru_cache(maxsize=4096)
def _span(window: SendingWindow, day: date) -> tuple[float, float]:
    """Return beginning and end of the window that opens on a day; an empty one when it does not."""
    if DAYS[day.weekday()] not in window.days:
        return 0.0, 0.0
    zone, opens, closes = ZoneInfo(window.zone), minutes(window.opens), minutes(window.closes)
    last = day + timedelta(days=1) if closes <= opens else day
    return _instant(day, opens, zone), _instant(last, closes, zone)


def _instant(day: date, minute: int, zone: ZoneInfo) -> float:
    ahead, rest = divmod(minute, 1440)
    wall = time(rest // 60, rest % 60)
    return datetime.combine(day + timedelta(days=ahead), wall, zone).timestamp()
