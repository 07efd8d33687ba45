from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.user import LANGUAGES
from estafette.reporting import rates

COUNTS = {
    "queued": 1_100, "delivered": 1_000, "sent": 0, "bounced.hard": 30, "bounced.soft": 20, "deferred": 150,
    "opened.raw": 600, "opened.human": 300, "opened.proxy": 150, "opened.machine": 140, "opened.unknown": 10,
    "opened.first": 400, "clicked.human": 90, "clicked.first": 80, "complained": 2, "unsubscribed": 12,
}  # fmt: skip


def test_a_rate_says_what_was_divided_by_what() -> None:
    found = rates.rate("bounce", COUNTS)
    assert (found.numerator, found.denominator, found.of) == (50, 1_050, "attempted")
    assert rates.formula(found, "en").endswith("/ recipients whose delivery ended at a server (accepted or refused)")
    assert found.interval is not None
    assert found.interval.holds(50 / 1_050)


def test_a_late_bounce_moves_a_recipient_from_delivered_to_bounced() -> None:
    late = COUNTS | {"bounced.hard": 130, "late": 100}
    bounce, delivery = rates.rate("bounce", late), rates.rate("delivery", late)
    assert (bounce.numerator, bounce.denominator) == (150, 1_050)
    assert (delivery.numerator, delivery.denominator) == (900, 1_050)
    assert rates.rate("open", late).denominator == 900


def test_late_bounces_of_mail_of_an_earlier_span_leave_no_number_below_zero() -> None:
    found = rates.rate("delivery", {"bounced.hard": 30, "late": 30})
    assert (found.numerator, found.denominator, found.value) == (0, 0, None)


def test_another_denominator_may_be_asked_for_and_only_a_known_one() -> None:
    assert rates.rate("click", COUNTS, of="opened").value == 0.2
    with pytest.raises(KeyError, match="bounced"):
        rates.rate("click", COUNTS, of="bounced")


@pytest.mark.parametrize(("events", "base"), [(9, 1_000), (50, 199), (0, 0)])
def test_too_few_give_no_percentage(events: int, base: int) -> None:
    found = rates.rate("open", {"opened.first": events, "delivered": base})
    shown = rates.shown(found)
    assert found.too_few
    assert (shown["percent"], shown["interval"], shown["withheld"]) == (None, None, "too_few")
    assert (shown["numerator"], shown["denominator"]) == (events, base)


def test_just_enough_give_a_percentage() -> None:
    shown = rates.shown(rates.rate("open", {"opened.first": 10, "delivered": 200}))
    assert (shown["percent"], shown["withheld"]) == (5.0, None)
    assert shown["interval"] == [2.74, 8.96]


def test_more_openers_than_messages_of_the_span_are_no_percentage() -> None:
    found = rates.rate("open", {"opened.first": 300, "delivered": 250})
    assert (found.value, found.interval, found.withheld) == (None, None, "exceeds_base")


def test_openings_for_each_message_may_be_above_one() -> None:
    found = rates.rate("openings", {"opened.human": 500, "delivered": 250})
    assert found.value == 2.0
    assert found.interval is not None
    assert found.interval.holds(2.0)


def test_machines_are_in_no_rate_but_their_own() -> None:
    without = {name: amount for name, amount in COUNTS.items() if not name.endswith((".machine", ".raw", ".unknown"))}
    told, bare = (
        [each for each in rates.every(counts) if each.name != "machine_opens"] for counts in (COUNTS, without)
    )
    assert told == bare


def test_all_rates_over_one_base_where_they_know_it() -> None:
    bases = {found.name: found.of for found in rates.every(COUNTS, ["queued"])}
    assert bases["open"] == bases["bounce"] == "queued"
    assert bases["deferral"] == "attempts"


@given(st.dictionaries(st.sampled_from(sorted(COUNTS)), st.integers(-5, 10_000)))
def test_every_rate_of_any_counts_can_be_shown(counts: dict[str, int]) -> None:
    for found in rates.every(counts):
        for language in LANGUAGES:
            shown = rates.shown(found, language)
            assert shown["formula"]
            assert (shown["percent"] is None) == bool(shown["withheld"])
