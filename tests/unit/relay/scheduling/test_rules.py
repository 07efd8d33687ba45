from __future__ import annotations

import pytest

from estafette.model.rule import Filter, Rule
from estafette.relay.scheduling.rules import RuleBook
from estafette.relay.scheduling.snapshot import LaneState
from estafette.relay.scheduling.why import explain
from estafette.store.interface.spool import Feed

BORN = 1_800_000_000.0
FITTING = {
    "tenant": "acme", "domain": "example.com", "site": "mx.example", "from_domain": "acme.example",
    "campaign": "spring", "recipient": "U1@EXAMPLE.com", "message": 1001, "number": 1, "before": 1002,
    "stream": "s", "credential": "anna", "born_before": BORN + 1.0,
}  # fmt: skip


def hold(**fields):
    return Rule(id=7, kind="hold", filter=Filter(**fields), reason="restored")


@pytest.fixture
def row(rig):
    return rig().row(campaign="spring", credential="anna", born=BORN)


@pytest.mark.parametrize("field", FITTING)
def test_every_field_selects(row, field):
    value = FITTING[field]
    other = "other" if isinstance(value, str) else 1000
    assert RuleBook([hold(**{field: value})]).blocking(row)
    assert RuleBook([hold(**{field: other})]).blocking(row) is None
    assert RuleBook([hold(**{**FITTING, field: other})]).blocking(row) is None


def test_an_empty_filter_holds_all_and_no_rule_holds_nothing(row):
    assert RuleBook([hold()]).blocking(row)
    assert RuleBook().blocking(row) is None


def test_a_site_learned_later_counts(row):
    assert RuleBook([hold(site="google")]).blocking(row, "google")


def test_only_a_rule_over_the_whole_feed_spares_reading_it():
    feed = Feed("mx.example", "default", 2, "acme")
    assert RuleBook([hold(tenant="acme")]).covering(feed)
    assert RuleBook([hold(site="mx.example")]).covering(feed)
    for partial in (
        {"tenant": "b"},
        {"domain": "example.com"},
        {"before": 5},
        {"message": 5},
        {"campaign": "x"},
        {"stream": "s"},
        {"credential": "c"},
    ):
        assert RuleBook([hold(**partial)]).covering(feed) is None


def test_a_feed_is_read_under_the_rules_of_its_tenant_and_of_none():
    wide, own, other, single = hold(), hold(tenant="acme", stream="s"), hold(tenant="b"), hold(message=5)
    book = RuleBook([wide, own, other, single])
    assert {*book.touching(Feed("mx.example", "default", 2, "acme"))} == {wide, own, single}
    assert {*book.touching(Feed("mx.example", "default", 2, ""))} == {wide, single}


def test_a_suspended_stream_stays_whatever_comes_later_and_others_go_on(rig):
    courier = rig()
    courier.hold(1, tenant="acme", stream="news")
    courier.accept([courier.row(stream="news"), courier.row(stream="news", due=courier.wall + 5), courier.row()])
    courier.run(60)
    assert [row.stream for row in courier.spool.values()] == ["news", "news"]
    courier.accept([courier.row(stream="news")], told=False)
    courier.summaries()
    courier.run(5)
    assert len(courier.spool) == 3
    courier.lift()
    courier.run(60)
    assert courier.spool == {}


def test_a_site_rule_reaches_rows_that_wait_for_their_site(rig):
    courier = rig()
    courier.accept([courier.row(lane="example.com")])
    courier.hold(1, site="google")
    courier.scheduler.unplaced()
    courier.scheduler.placed("example.com", "google", courier.wall)
    assert courier.start() == []
    assert courier.scheduler.ready == 0


def state(**change):
    base = {
        "site": "mx.example", "egress": "default", "busy": 0, "window": 5, "connections": 10, "dead": False,
        "settled": True, "until": 0.0, "waiting": (0, 0, 1), "reason": "",
    }  # fmt: skip
    return LaneState(**{**base, **change})


def test_a_wait_names_its_rule_and_its_end(rig):
    courier = rig()
    now = courier.wall
    row = courier.row()
    none = RuleBook()
    held = explain(row, RuleBook([hold()]), None, now)
    assert (held.cause, held.rule, held.until) == ("rule", "hold:7", None)
    assert "restored" in held.text
    retry = explain(courier.row(due=now + 60, attempts=2, last="450 later"), none, None, now)
    assert (retry.cause, retry.until) == ("retry", now + 60)
    assert "450 later" in retry.text
    assert explain(courier.row(due=now + 60), none, None, now).cause == "scheduled"
    assert explain(row, none, state(settled=False), now).cause == "placing"
    down = explain(row, none, state(dead=True, until=30.0, reason="refused"), now)
    assert (down.cause, down.until) == ("site_down", now + 30)
    assert explain(row, none, state(until=9.0), now).rule == "site_pause"
    assert explain(row, none, state(busy=5), now).cause == "site_busy"
    assert explain(row, none, state(busy=1), now).cause == "in_turn"
    assert explain(row, none, None, now).cause == "in_turn"


def test_a_deep_feed_that_rules_hold_is_looked_through_at_leisure_and_let_go_at_once(rig):
    courier = rig()
    courier.stretch = 10
    held = courier.accept([courier.row(campaign="spring") for _ in range(200)], told=False)
    courier.hold(1, campaign="spring")
    courier.summaries()
    courier.run(5)
    assert courier.reads < 10
    free = courier.accept([courier.row(due=courier.wall)])
    courier.run(1)
    assert [row.key for _, row in courier.attempts] == [free[0].key]
    courier.run(60)
    reads = courier.reads
    for _ in range(5):
        courier.run(60)
        courier.summaries()
    assert courier.reads == reads, "what rules keep back, and does not change, is not read every minute"
    courier.lift()
    courier.run(5)
    assert {row.key for _, row in courier.attempts} == {row.key for row in [*held, *free]}


def test_a_push_lost_in_a_held_feed_is_found_at_the_next_summary(rig):
    courier = rig()
    courier.accept([courier.row(campaign="spring") for _ in range(20)], told=False)
    courier.hold(1, campaign="spring")
    courier.summaries()
    courier.run(60)
    courier.summaries()
    lost = courier.accept([courier.row()], told=False)
    courier.summaries()
    courier.run(5)
    assert [row.key for _, row in courier.attempts] == [lost[0].key]
