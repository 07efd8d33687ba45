from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.calendar import Calendar

ZONES = (
    "UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo",
    "Africa/Cairo", "Pacific/Apia", "America/Havana", "Asia/Kathmandu", "Pacific/Kiritimati", "Asia/Beirut",
)  # fmt: skip
MOMENTS = st.integers(min_value=1_000_000_000, max_value=2_100_000_000)


def _at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@given(st.sampled_from(ZONES), MOMENTS, MOMENTS, st.sampled_from(["hour", "day", "month"]))
def test_windows_cover_all_time_without_gap_or_overlap(zone, anchor, at, period) -> None:
    calendar = Calendar(zone, anchor)
    window = calendar.window(period, at)
    assert window.holds(at)
    assert Calendar(zone, anchor).window(period, window.start) == window
    assert Calendar(zone, anchor).window(period, window.end - 0.001) == window
    assert Calendar(zone, anchor).window(period, window.end).start == window.end


@given(st.sampled_from(ZONES), MOMENTS, MOMENTS)
def test_hours_lie_within_days_and_days_within_months(zone, anchor, at) -> None:
    calendar = Calendar(zone, anchor)
    hour, day, month = calendar.hour(at), calendar.day(at), calendar.month(at)
    assert month.start <= day.start <= hour.start < hour.end <= day.end <= month.end
    assert hour.end - hour.start <= 3600
    assert 22 * 3600 <= day.end - day.start <= 26 * 3600
    assert 28 * 86400 - 7200 <= month.end - month.start <= 31 * 86400 + 7200


@given(st.sampled_from(ZONES), MOMENTS)
def test_a_day_is_what_the_wall_calendar_says(zone, at) -> None:
    day = Calendar(zone, 0.0).day(at)
    local = ZoneInfo(zone)
    today = datetime.fromtimestamp(at, local).date()
    assert datetime.fromtimestamp(day.start, local).date() == today
    assert datetime.fromtimestamp(day.end - 1, local).date() == today
    assert datetime.fromtimestamp(day.start - 1, local).date() < today


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Paris", "2026-03-29T12:00", 23),
        ("Europe/Paris", "2026-10-25T12:00", 25),
        ("Australia/Lord_Howe", "2026-04-05T12:00", 24.5),
        ("America/Sao_Paulo", "2018-11-04T12:00", 23),
    ],
)
def test_days_on_which_clocks_change(zone: str, day: str, hours: float) -> None:
    window = Calendar(zone, 0.0).day(_at(day, zone))
    assert window.end - window.start == hours * 3600


def test_a_repeated_hour_is_two_hours() -> None:
    calendar = Calendar("Europe/Paris", 0.0)
    first, second = _at("2026-10-25T00:30"), _at("2026-10-25T01:30")
    assert calendar.hour(first) != calendar.hour(second)


@pytest.mark.parametrize(
    ("anchor", "at", "start", "end"),
    [
        ("2026-01-31", "2026-02-10", "2026-01-31", "2026-02-28"),
        ("2026-01-31", "2026-02-28", "2026-02-28", "2026-03-31"),
        ("2026-01-31", "2028-02-29", "2028-02-29", "2028-03-31"),
        ("2026-01-31", "2026-04-30", "2026-04-30", "2026-05-31"),
        ("2026-03-15", "2026-12-20", "2026-12-15", "2027-01-15"),
        ("2026-03-15", "2027-01-01", "2026-12-15", "2027-01-15"),
    ],
)
def test_a_month_begins_on_the_anniversary(anchor: str, at: str, start: str, end: str) -> None:
    month = Calendar("UTC", _at(anchor)).month(_at(at))
    assert (month.start, month.end) == (_at(start), _at(end))


def test_the_anniversary_is_the_date_where_the_tenant_is() -> None:
    anchor = _at("2026-03-14T15:00")
    tokyo = Calendar("Asia/Tokyo", anchor).month(anchor)
    assert tokyo.start == _at("2026-03-15T00:00", "Asia/Tokyo")
