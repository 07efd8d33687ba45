"""The windows in which a tenant's units are counted: hours, days and months of its own time zone.

Windows of a kind cover all time without gap or overlap, whatever the clocks of the zone do: a day begins with its first
instant and is 23 to 25 hours long where clocks change, hours are counted from there, and a month begins with the day
of the tenant's anniversary, or with the last day of a month that is too short for it.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

Period = Literal["hour", "day", "month"]
HOUR = 3600


class Window(msgspec.Struct, frozen=True):
    """A stretch of time, unix seconds; ``end`` is the start of the next."""

    start: int
    end: int

    def holds(self, at: float) -> bool:
        """Return whether an instant lies in it."""
        return self.start <= at < self.end


class Calendar:
    """The windows of one tenant. timezone: an IANA name. anchor: the instant from which its months are counted."""

    def __init__(self, timezone: str, anchor: float) -> None:
        self.zone = ZoneInfo(timezone)
        self._anniversary = _day(self.zone, anchor)
        self._last: dict[Period, Window] = {}

    def window(self, period: Period, at: float) -> Window:
        """Return the window of a kind that holds an instant."""
        last = self._last.get(period)
        if last is None or not last.holds(at):
            last = self._last[period] = getattr(self, f"_{period}")(at)
        return last

    def hour(self, at: float) -> Window:
        """Return the hour, counted from the first instant of its day."""
        return self.window("hour", at)

    def day(self, at: float) -> Window:
        """Return the day."""
        return self.window("day", at)

    def month(self, at: float) -> Window:
        """Return the month, from anniversary to anniversary."""
        return self.window("month", at)

    def date_of(self, at: float) -> date:
        """Return the date of an instant in the zone."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone).date()

    def _hour(self, at: float) -> Window:
        day = self.window("day", at)
        start = day.start + int(at - day.start) // HOUR * HOUR
        return Window(start, min(start + HOUR, day.end))

    def _day(self, at: float) -> Window:
        today = self.date_of(at)
        return Window(self.begin(today), self.begin(today + timedelta(days=1)))

    def _month(self, at: float) -> Window:
        today = self.date_of(at)
        start = self._anniversary_in(today.year, today.month)
        if start > today:
            before = today.replace(day=1) - timedelta(days=1)
            return Window(self.begin(self._anniversary_in(before.year, before.month)), self.begin(start))
        after = today.replace(day=calendar.monthrange(today.year, today.month)[1]) + timedelta(days=1)
        return Window(self.begin(start), self.begin(self._anniversary_in(after.year, after.month)))

    def _anniversary_in(self, year: int, month: int) -> date:
        return date(year, month, min(self._anniversary, calendar.monthrange(year, month)[1]))

    def begin(self, day: date) -> int:
        """Return the first instant of a date: a midnight that the clocks leap over is the moment of the leap."""
        return int(datetime.combine(day, time(), self.zone).timestamp())


def of(timezone: str, anchor: float) -> Calendar:
    """Return the calendar of a tenant. ValueError, KeyError: no such zone.

    Thousands of tenants share those of one zone and day: a window that was computed for one is known for the others.
    """
    key = (timezone, _day(ZoneInfo(timezone), anchor))
    return _shared.get(key) or _shared.setdefault(key, Calendar(timezone, anchor))


def _day(zone: ZoneInfo, anchor: float) -> int:
    return datetime.fromtimestamp(anchor, UTC).astimezone(zone).day


#: (zone, day of the month) -> calendar: at most 31 for each zone there is.
_shared: dict[tuple[str, int], Calendar] = {}
