from __future__ import annotations

from random import Random

import pytest
from tests.unit.reporting.weeks import START, hour, looked_at, weeks

from estafette.model.anomaly import ANOMALY_KINDS
from estafette.model.user import LANGUAGES
from estafette.reporting.anomalies import FALLEN_WEEKS, HOUR, LEAST_WEEKS, WEEK, WEEKS, book, look

QUIET = 52
#: A Thursday at ten in the morning, after nine weeks.
NOW = START + 9 * WEEK + 3 * 24 * HOUR + 10 * HOUR


@pytest.fixture(scope="module")
def past():
    """Nine quiet weeks and half of the tenth, without the hour that is looked at."""
    return {at: counts for at, counts in weeks(Random(7), 10).items() if at < NOW}


def found(past, counts, kind=""):
    hours = {at: each for at, each in past.items() if at >= NOW - WEEKS * WEEK - 24 * HOUR}
    return [each for each in look(hours | {NOW: counts}, NOW + HOUR) if kind in {"", each.kind}]


def usual():
    return hour(Random(11), (NOW - START) // HOUR)


def test_fifty_two_quiet_weeks_cause_at_most_one_alarm():
    hours = weeks(Random(20_260_411), WEEKS + QUIET)
    assert len(list(looked_at(hours, START + WEEKS * WEEK))) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_a_jump_of_bounces_is_found_within_the_hour(past, seed):
    counts = hour(Random(seed), (NOW - START) // HOUR, bounce=0.15)
    (finding,) = found(past, counts)
    assert (finding.kind, finding.span, finding.at) == ("bounce", 1, NOW + HOUR)
    assert (finding.events, finding.base) == (counts["bounced.hard"], counts["queued"])
    assert 0.007 < finding.usual < 0.014


def test_a_small_rise_over_a_day_is_found_by_the_day(past):
    day = {at: hour(Random(at), (at - START) // HOUR, bounce=0.035) for at in range(NOW - 23 * HOUR, NOW, HOUR)}
    (finding,) = found(past | day, usual() | {"bounced.hard": 0})
    assert (finding.kind, finding.span) == ("bounce", 24)


def test_deferrals_and_complaints_are_judged_by_their_own_bases(past):
    counts = usual() | {"deferred": 400, "complained": 12}
    assert {each.kind for each in found(past, counts)} == {"deferral", "complaint"}


def test_an_attack_raises_the_volume_and_a_newsletter_of_the_usual_size_does_not(past):
    assert not found(past, usual() | {"queued": 5_300, "delivered": 5_240, "bounced.hard": 60})
    (finding,) = found(past, usual() | {"queued": 20_000, "delivered": 19_900, "bounced.hard": 100})
    assert (finding.kind, finding.events) == ("volume_up", 20_000)
    assert finding.most < 6_500


def test_silence_at_a_time_at_which_mail_always_came_is_a_fall(past):
    nothing = {at: {} for at in range(NOW - 2 * HOUR, NOW, HOUR)}
    (finding,) = found(past | nothing, {})
    assert (finding.kind, finding.span, finding.events) == ("volume_down", 3, 0)


def test_a_clock_change_is_no_fall(past):
    """Mail that begins at seven local begins an hour later by UTC when summer time ends."""
    shifted = dict(past)
    for at in range(NOW // (24 * HOUR) * 24 * HOUR, NOW + 14 * HOUR, HOUR):
        shifted[at] = hour(Random(at), (at - START) // HOUR - 1)
    starts = range(NOW // (24 * HOUR) * 24 * HOUR, NOW + 14 * HOUR, HOUR)
    for at in starts:
        hours = {each: counts for each, counts in shifted.items() if at - WEEKS * WEEK - 24 * HOUR <= each <= at}
        assert [each.kind for each in look(hours, at + HOUR)] == []


def test_an_incident_of_the_past_does_not_become_usual(past):
    bad = {NOW - 2 * WEEK + shift * HOUR: hour(Random(shift), 10, bounce=0.5) for shift in range(-12, 12)}
    (finding,) = found(past | bad, usual() | {"bounced.hard": 40})
    assert finding.kind == "bounce"
    assert finding.usual < 0.015


@pytest.mark.parametrize("counts", [{"bounced.hard": 9, "delivered": 191}, {"bounced.hard": 60, "delivered": 100}])
def test_too_few_are_no_finding(past, counts):
    assert not found(past, counts, "bounce")


def test_a_new_tenant_is_not_judged(past):
    young = {at: each for at, each in past.items() if at >= NOW - LEAST_WEEKS * WEEK + 2 * HOUR}
    assert not found(young, hour(Random(1), 10, bounce=0.5))
    assert look({}, NOW) == []


def test_a_fall_needs_weeks_that_are_known(past):
    young = {at: each for at, each in past.items() if at >= NOW - (FALLEN_WEEKS - 1) * WEEK}
    assert not found(young | {at: {} for at in range(NOW - 2 * HOUR, NOW, HOUR)}, {})


def test_every_kind_has_words_and_advice_in_every_language():
    for texts in (book().words, book().advice):
        assert set(texts) == set(LANGUAGES)
        assert all(set(each) == set(ANOMALY_KINDS) for each in texts.values())
