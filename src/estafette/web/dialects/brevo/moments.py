"""Times as Brevo writes them, and the days that a list is asked for."""

from __future__ import annotations

from datetime import UTC, datetime

from estafette.relay.submission.wrong import wrong

DAY = 86_400.0
#: Days that a list covers when none are named, and at most.
_USUAL = 30
_MOST = 31


def moment(seconds: float) -> str:
    """Write a time: RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def days(start: str, end: str, now: float, most: int = _MOST) -> tuple[float, float]:
    """Return from when until when two dates reach, in unix seconds; the last 30 days when none are given. Wrong."""
    if not start and not end:
        return now - _USUAL * DAY, now + DAY
    if not start or not end:
        field = "endDate" if start else "startDate"
        raise wrong("missing", "is missing", "startDate and endDate go together", field)
    since, until = _day(start, "startDate"), _day(end, "endDate") + DAY
    if since >= until:
        raise wrong("invalid_value", "is before startDate", "exchange them", "endDate")
    if until - since > most * DAY:
        raise wrong("too_long", f"at most {most} days are told at once", "name less time", "endDate")
    return since, until


def span(start: str, end: str, days_back: int | None, now: float, *, usual: int, most: int) -> tuple[int, int]:
    """Return from when until when a report reaches, UTC days in unix seconds; the day that runs is the last. Wrong.

    days_back: days that end with today, not together with dates. usual: of them when nothing is named.
    """
    if days_back is not None and (start or end):
        raise wrong("invalid_value", "does not go together with dates", "name days, or startDate and endDate", "days")
    if start or end:
        since, until = days(start, end, now, most)
        return int(since), int(until)
    if days_back is not None and days_back > most:
        raise wrong("too_long", f"at most {most} days are told at once", "name fewer", "days")
    last = int(now // DAY * DAY + DAY)
    return last - (days_back or usual) * int(DAY), last


def _day(text: str, field: str) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise wrong("invalid_value", "is no date such as 2027-01-31", "correct it", field) from None
