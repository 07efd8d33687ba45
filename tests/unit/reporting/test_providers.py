from __future__ import annotations

import pytest

from estafette.model.user import LANGUAGES
from estafette.reporting import changes
from estafette.reporting.durations import bucket
from estafette.reporting.providers import view, week
from estafette.store.interface.records import AuditEntry


def test_a_week_has_its_figures_and_the_time_to_250():
    quick, slow = f"t250.{bucket(2.0)}", f"t250.{bucket(600.0)}"
    found = week({"delivered": 900, "sent": 100, "deferred": 40, "bounced.soft": 7, quick: 900, slow: 100})
    assert (found.accepted, found.deferred, found.bounced, found.complained) == (1_000, 40, 7, 0)
    assert found.p50 == pytest.approx(2.0, rel=0.1)
    assert found.p95 == pytest.approx(600.0, rel=0.1)


def test_nothing_delivered_has_no_time():
    assert (week({}).p50, week({}).p95) == (None, None)


def test_two_weeks_differ_by_an_interval_where_both_say_enough():
    now, before = {"delivered": 900, "bounced.hard": 100}, {"delivered": 990, "bounced.hard": 10}
    found = view("google", now, before, [], [])
    assert found.differences["bounce"].low > 0.06
    assert found.differences["complaint"] is None


def test_three_times_the_volume_is_a_change():
    (found,) = changes.of_volume({"delivered": 900}, {"delivered": 300})
    assert found.words("en") == "3 times the mail of the week before"
    assert changes.of_volume({"delivered": 899}, {"delivered": 300}) == []
    assert changes.of_volume({"delivered": 199}, {}) == []


def test_a_new_campaign_that_is_a_good_part_of_the_mail():
    begun = {"new": 1_000, "old": 10, "small": 1_000}
    found = changes.of_campaigns({"old": 500, "new": 450, "small": 50}, begun, 500, 1_000)
    assert [(each.subject, each.figure) for each in found] == [("new", 0.45)]
    assert found[0].words("fr") == "nouvelle campagne new : 45 % du courrier vers ce fournisseur"


def test_new_senders_are_told_unless_all_are_new():
    assert [each.subject for each in changes.of_senders("domain", {"a": 10, "b": 900}, 500)] == ["b"]
    assert changes.of_senders("domain", {"a": 700, "b": 900}, 500) == []


def test_new_addresses_are_told_when_others_were_seen_before():
    assert [each.subject for each in changes.of_sources(["x", "y", ""], ["x"])] == ["y"]
    assert changes.of_sources(["x"], []) == []


def test_acts_that_matter_for_delivery_are_told_in_words():
    acts = [
        AuditEntry(at=5.0, actor="a", action=name, subject="acme.example") for name in ("domain.rotate", "look.open")
    ]
    (found,) = changes.of_audit(acts)
    assert [found.words(language) for language in LANGUAGES] == [
        "new DKIM key: acme.example", "nouvelle clé DKIM : acme.example",
    ]  # fmt: skip
