from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Fault
from estafette.reporting.periods import LONGEST_DAYS, MOST, Span, local, periods, previous, span
from estafette.store.interface.statistics import DAY, HOUR
from estafette.tenancy.office import moment

NOW = datetime.fromisoformat("2026-11-28T14:30:00+00:00").timestamp()
ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "America/St_Johns", "Pacific/Chatham"]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def hours(of, by):
    return [(end - start) // HOUR for start, end in periods(of, by)]


def test_without_moments_it_is_today_and_the_29_days_before():
    found = span("", "", "Europe/Paris", NOW)
    assert (local(found.since, "Europe/Paris"), moment(found.until)) == (
        "2026-10-30T00:00:00+01:00", "2026-11-28T15:00:00Z",
    )  # fmt: skip
    assert len(periods(found, "day")) == 30


def test_dates_are_of_the_zone_and_times_widen_to_full_hours():
    found = span("2026-11-01", "2026-11-02", "America/New_York", NOW)
    assert (found.since, found.until) == (at("2026-11-01T00:00-04:00"), at("2026-11-02T00:00-05:00"))
    found = span("2026-11-01T10:59:59Z", "2026-11-01T11:00:01+00:00", "UTC", NOW)
    assert (found.since, found.until) == (at("2026-11-01T10:00Z"), at("2026-11-01T12:00Z"))
    assert span("2026-11-01T10:00", "2026-11-01T11:00", "Europe/Paris", NOW).since == at("2026-11-01T09:00Z")


def test_days_on_which_clocks_change_have_23_and_25_hours():
    assert hours(span("2026-03-28", "2026-03-31", "Europe/Paris", NOW), "day") == [24, 23, 24]
    assert hours(span("2026-10-24", "2026-10-27", "Europe/Paris", NOW), "day") == [24, 25, 24]
    assert sum(hours(span("2026-10-24", "2026-10-27", "Europe/Paris", NOW), "hour")) == 73


def test_weeks_begin_on_monday_and_months_on_the_first_both_cut_at_the_ends():
    of = span("2026-02-25", "2026-03-03", "UTC", NOW)
    assert [moment(start)[:10] for start, _ in periods(of, "week")] == ["2026-02-25", "2026-03-02"]
    assert [moment(start)[:10] for start, _ in periods(of, "month")] == ["2026-02-25", "2026-03-01"]
    assert periods(of, "") == [(of.since, of.until)]


def test_a_zone_whose_midnight_is_no_full_hour_is_told():
    found = span("2026-11-01", "2026-11-03", "Asia/Kolkata", NOW)
    assert found.shifted
    assert hours(found, "day") == [24, 24]
    assert not span("2026-11-01", "2026-11-03", "Europe/Rome", NOW).shifted


@given(
    st.sampled_from(ZONES), st.integers(0, 20_000 * 24), st.integers(1, 400 * 24), st.sampled_from(["day", "week", "month"])
)  # fmt: skip
def test_periods_cover_a_span_without_gap_or_overlap(zone, first, length, by):
    of = Span(first * HOUR, (first + length) * HOUR, zone)
    found = periods(of, by)
    assert found[0][0] == of.since
    assert found[-1][1] == of.until
    assert all(start < end for start, end in found)
    assert all(one[1] == other[0] for one, other in pairwise(found))


def test_what_came_before_has_as_many_days_or_else_as_many_hours():
    of = span("2026-10-25", "2026-10-27", "Europe/Paris", NOW)  # 49 hours
    before = previous(of)
    assert (local(before.since, "Europe/Paris"), before.until) == ("2026-10-23T00:00:00+02:00", of.since)
    of = Span(at("2026-11-01T10:00Z"), at("2026-11-01T13:00Z"), "Europe/Paris")
    assert previous(of) == Span(at("2026-11-01T07:00Z"), of.since, "Europe/Paris")


@pytest.mark.parametrize(
    ("since", "until", "zone", "place"),
    [
        ("2026-11-02", "2026-11-02", "UTC", "since"), ("2026-11-03", "2026-11-02", "UTC", "since"),
        ("1999-01-01", "2026-11-02", "UTC", "since"), ("yesterday", "", "UTC", "since"), ("", "2026-13-01", "UTC", "until"),
        ("", "9999-12-31T23:59:59-23:00", "UTC", "until"), ("", "", "Mars/Olympus", "timezone"), ("", "", "", "timezone"),
        ("", "", "../../etc/passwd", "timezone"), ("", "", "Europe", "timezone"), ("", "", "x" * 9_999, "timezone"),
        ("0001-01-01", "0001-01-02", "Asia/Tokyo", "since"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_in_words(since, until, zone, place):
    with pytest.raises(Fault) as told:
        span(since, until, zone, NOW)
    assert told.value.place == place
    assert told.value.fix


def test_periods_are_not_endless():
    with pytest.raises(Fault, match=f"more than {MOST} periods"):
        periods(Span(0, LONGEST_DAYS * DAY, "UTC"), "hour")
    assert len(periods(Span(0, MOST * HOUR, "UTC"), "hour")) == MOST
