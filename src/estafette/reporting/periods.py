"""The stretches of time that statistics are asked for: local hours, days, weeks and months out of UTC hours.

Counters stand at UTC hours. Days begin at local midnight and have 23 to 25 hours where clocks change; in zones whose
midnight is no full UTC hour (India, Newfoundland) a day begins with the UTC hour that holds it, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from estafette.base.errors import Fault
from estafette.model.calendar import Calendar
from estafette.store.interface.statistics import DAY, HOUR

By = Literal["", "hour", "day", "week", "month"]
#: Most periods of one answer, and the longest span, in days.
MOST = 1_500
LONGEST_DAYS = 3_700
#: Days of the span when none is given: today and the 29 before.
USUAL_DAYS = 30


class Span(msgspec.Struct, frozen=True):
    """[since, until), unix seconds at full UTC hours. zone: an IANA name. shifted: its midnight is no full hour."""

    since: int
    until: int
    zone: str
    shifted: bool = False


def span(since: str, until: str, zone: str, now: float) -> Span:
    """Return the span that two moments name: RFC 3339 times, or dates of the zone; Fault when there is none.

    since: "" = USUAL_DAYS before ``until``. until: "" = the end of the hour that runs.
    """
    calendar = calendar_of(zone)
    end = _moment(until, calendar, "until") if until else int(now) // HOUR * HOUR + HOUR
    last = calendar.date_of(end - 1)
    start = _moment(since, calendar, "since") if since else calendar.begin(last - timedelta(days=USUAL_DAYS - 1))
    first, after = start // HOUR * HOUR, -(-end // HOUR) * HOUR
    if first < 0:
        raise Fault("nothing was counted before 1970", place="since", fix="name a later moment")
    if first >= after:
        raise Fault(
            "the span is empty: since is not before until", place="since", fix="since is included, until is not"
        )
    if after - first > LONGEST_DAYS * DAY:
        raise Fault(f"a span has at most {LONGEST_DAYS} days", place="since", fix="ask for less at once")
    return Span(first, after, zone, shifted=calendar.begin(last) % HOUR != 0)


def calendar_of(zone: str) -> Calendar:
    """Return the calendar of an IANA zone; Fault when there is none of that name."""
    try:
        return Calendar(zone, 0.0)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Fault(
            f"there is no time zone {zone[:100]!r}", place="timezone", fix="use an IANA name, such as Europe/Paris"
        ) from None


def previous(of: Span) -> Span:
    """Return the span of equal length that ends where this one begins: of as many local days when it has whole ones."""
    calendar = calendar_of(of.zone)
    first, last = _date(calendar, of.since), _date(calendar, of.until)
    if _floor(calendar.begin(first)) == of.since and _floor(calendar.begin(last)) == of.until:
        return msgspec.structs.replace(of, since=_floor(calendar.begin(first - (last - first))), until=of.since)
    return msgspec.structs.replace(of, since=2 * of.since - of.until, until=of.since)


def periods(of: Span, by: By) -> list[tuple[int, int]]:
    """Return the periods of a span, [start, end) each, cut at its ends; Fault when they are too many."""
    if not by:
        return [(of.since, of.until)]
    found = []
    starts = iter(_starts(of, by))
    start = next(starts)
    for end in starts:
        found.append((max(start, of.since), min(end, of.until)))
        start = end
        if len(found) > MOST:
            raise Fault(f"more than {MOST} periods", place="by", fix="ask for a shorter span or longer periods")
        if end >= of.until:
            break
    return found


def local(moment: float, zone: str) -> str:
    """Return a moment as RFC 3339 with the offset of the zone."""
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).isoformat()


def _starts(of: Span, by: By) -> Iterator[int]:
    if by == "hour":
        yield from range(of.since, of.until + HOUR, HOUR)
        return
    calendar = calendar_of(of.zone)
    day, following = _STEPS[by](_date(calendar, of.since))
    while True:
        yield _floor(calendar.begin(day))
        day, following = _STEPS[by](following)


def _day(day: date) -> tuple[date, date]:
    return day, day + timedelta(days=1)


def _week(day: date) -> tuple[date, date]:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=7)


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


#: by -> the first date of the period that holds a date, and of the period after it.
_STEPS: dict[str, Callable[[date], tuple[date, date]]] = {"day": _day, "week": _week, "month": _month}


def _date(calendar: Calendar, hour: int) -> date:
    """Return the date of a full hour: of the midnight in it, where a day begins within it."""
    return calendar.date_of(hour + HOUR - 1)


def _floor(moment: int) -> int:
    return moment // HOUR * HOUR


def _moment(text: str, calendar: Calendar, place: str) -> int:
    """Read a date, which is its first instant in the zone, or a time; without an offset it is of the zone."""
    try:
        if len(text) == len("2026-11-28"):
            return _floor(calendar.begin(date.fromisoformat(text)))
        found = datetime.fromisoformat(text)
        # A local time that a clock change leaves out or repeats is taken by the offset before the change.
        aware = found if found.tzinfo else found.replace(tzinfo=calendar.zone)
        return int(aware.astimezone(UTC).timestamp())
    except (ValueError, OverflowError):
        raise Fault(
            f"{text[:100]!r} is no moment", place=place, fix="write a date (2026-11-28) or an RFC 3339 time"
        ) from None
