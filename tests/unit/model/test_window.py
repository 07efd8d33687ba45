from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.window import DAYS, SendingWindow, minutes, opening

PARIS = "Europe/Paris"
OFFICE = SendingWindow(DAYS[:5], "08:30", "18:00", PARIS)


def at(text: str, zone: str = PARIS) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T08:29:59", "2026-11-23T08:30:00"),
        ("2026-11-23T08:30:00", "2026-11-23T08:30:00"),
        ("2026-11-23T17:59:59", "2026-11-23T17:59:59"),
        ("2026-11-23T18:00:00", "2026-11-24T08:30:00"),
        ("2026-11-27T18:00:00", "2026-11-30T08:30:00"),
        ("2026-11-29T12:00:00", "2026-11-30T08:30:00"),
    ],
)
def test_the_office_opens_on_weekdays(now: str, expected: str) -> None:
    assert opening(OFFICE, at(now)) == at(expected)


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = SendingWindow(("fri",), "22:00", "06:00", PARIS)
    assert opening(night, at("2026-11-28T05:59:00")) == at("2026-11-28T05:59:00")
    assert opening(night, at("2026-11-28T06:00:00")) == at("2026-12-04T22:00:00")
    assert opening(night, at("2026-11-27T05:00:00")) == at("2026-11-27T22:00:00")


def test_the_end_of_the_day_and_the_whole_week() -> None:
    always = SendingWindow(DAYS, "00:00", "24:00", "UTC")
    for moment in (at("2026-03-29T02:30:00"), at("2026-12-31T23:59:59.5"), at("2026-06-01T00:00:00")):
        assert opening(always, moment) == moment


def test_an_hour_that_the_clocks_leap_over_opens_with_the_leap() -> None:
    leap = SendingWindow(("sun",), "02:30", "04:00", PARIS)
    assert opening(leap, at("2026-03-29T00:00:00")) == at("2026-03-29T03:30:00")


@given(
    st.lists(st.sampled_from(DAYS), min_size=1, unique=True),
    st.integers(0, 1439),
    st.integers(0, 1440),
    st.sampled_from(["UTC", PARIS, "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe"]),
    st.integers(1_000_000_000, 2_000_000_000),
)
def test_an_opening_is_open_and_soon(days: list[str], first: int, last: int, zone: str, now: int) -> None:
    window = SendingWindow(tuple(days), f"{first // 60:02}:{first % 60:02}", f"{last // 60:02}:{last % 60:02}", zone)
    found = opening(window, now)
    assert now <= found <= now + 9 * 86_400
    assert opening(window, found) == found


@pytest.mark.parametrize("text", ["", "8:30", "24:01", "12:60", "ab:cd", "12-30", "-1:00", "12:3", "٠٨:٣٠x"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        minutes(text)
