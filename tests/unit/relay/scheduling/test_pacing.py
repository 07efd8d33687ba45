"""A slowed stream goes at its rate, whatever waits; other streams of the same tenant go as before."""

from __future__ import annotations

from collections import Counter

import pytest

from estafette.model.rule import Filter, Rule
from estafette.relay.scheduling.pacing import Gate, Paces
from estafette.relay.scheduling.rules import RuleBook

HOUR = 3_600.0


def slow(rate: float, number: int = 1, *, stream: str = "news", site: str = "", until: float = 0.0) -> Rule:
    return Rule(id=number, kind="slow", filter=Filter(tenant="acme", stream=stream, site=site), rate=rate, until=until)


def attempts(courier, **fields) -> int:
    return sum(all(getattr(row, name) == value for name, value in fields.items()) for _, row in courier.attempts)


@pytest.mark.parametrize(
    ("rate", "parts", "number", "stretch"),
    [(60, 1, 1, 60), (30, 1, 1, 120), (90, 1, 1, 40), (6_000, 1, 100, 60), (6_000, 4, 25, 60), (0, 1, 1, HOUR)],
)
def test_an_opening_gives_leave_for_about_a_minute(rate, parts, number, stretch):
    gate = Gate(slow(rate), parts)
    assert (gate.number, gate.stretch) == (number, pytest.approx(stretch))


@pytest.mark.parametrize(("rate", "backlog", "told"), [(60, 500, True), (600, 3_000, True), (600, 3_000, False)])
def test_what_waits_goes_at_the_rate(rig, rate, backlog, told):
    courier = rig()
    courier.scheduler.set_rules([slow(rate)])
    courier.accept((courier.row(stream="news") for _ in range(backlog)), told=told)
    courier.summaries()
    courier.run(HOUR)
    assert rate * 0.9 <= len(courier.attempts) <= rate + rate // 60 + 1
    assert courier.scheduler.ready <= 2_000


def test_a_long_backlog_is_sent_in_its_order(rig):
    courier = rig()
    courier.stretch = 100
    courier.scheduler.set_rules([slow(600)])
    rows = courier.accept((courier.row(stream="news") for _ in range(3_000)), told=False)
    courier.summaries()
    courier.run(HOUR / 6)
    assert {row.key for _, row in courier.attempts} == {row.key for row in rows[: len(courier.attempts)]}
    assert len(courier.attempts) >= 90


def test_another_stream_of_the_same_tenant_and_place_is_not_slowed(rig):
    courier = rig()
    courier.scheduler.set_rules([slow(60)])
    courier.accept(courier.row(stream=("news", "shop")[turn % 2]) for turn in range(2_000))
    courier.run(120)
    assert attempts(courier, stream="shop") == 1_000
    assert attempts(courier, stream="news") <= 3


def test_a_rule_that_names_a_site_slows_that_site_alone(rig):
    courier = rig()
    courier.scheduler.set_rules([slow(60, site="mx.example")])
    courier.accept(courier.row(stream="news", lane=("mx.example", "mx.other")[turn % 2]) for turn in range(400))
    courier.run(60)
    assert attempts(courier, lane="mx.other") == 200
    assert attempts(courier, lane="mx.example") <= 2


def test_a_site_is_known_by_the_name_that_its_domain_was_given(rig):
    courier = rig()
    courier.scheduler.set_rules([slow(60, site="mx.example")])
    courier.accept(courier.row(stream="news", lane="example.com") for _ in range(50))
    courier.start()
    courier.scheduler.placed("example.com", "mx.example", courier.wall)
    courier.run(60)
    assert 1 <= len(courier.attempts) <= 3


def test_a_lifted_rule_lets_everything_go(rig):
    courier = rig()
    courier.scheduler.set_rules([slow(60)])
    courier.accept(courier.row(stream="news") for _ in range(500))
    courier.run(120)
    courier.lift()
    courier.run(60)
    assert len(courier.attempts) == 500


def test_a_rule_ends_by_itself(rig):
    courier = rig()
    courier.scheduler.set_rules([slow(60, until=courier.wall + 600)])
    courier.accept(courier.row(stream="news") for _ in range(500))
    courier.run(590)
    assert len(courier.attempts) <= 11
    courier.run(90)
    assert len(courier.attempts) == 500


def test_reading_the_rules_again_opens_nothing(rig):
    courier = rig()
    courier.accept(courier.row(stream="news") for _ in range(500))
    for _ in range(30):
        courier.scheduler.set_rules([slow(60)])
        courier.run(2)
    assert len(courier.attempts) <= 2


def test_new_mail_of_a_slowed_stream_waits_and_is_found(rig):
    courier = rig()
    courier.scheduler.set_rules([slow(60)])
    for _ in range(30):
        courier.accept([courier.row(stream="news")])
        courier.run(1)
    assert len(courier.attempts) == 1
    courier.run(1_900)
    assert len(courier.attempts) == 30


def test_of_two_rules_the_slower_one_tells(rig):
    courier = rig()
    courier.scheduler.set_rules([slow(600, 1), slow(60, 2, site="mx.example")])
    courier.accept(courier.row(stream="news", lane=("mx.example", "mx.other")[turn % 2]) for turn in range(400))
    courier.run(600)
    served = Counter(row.lane for _, row in courier.attempts)
    assert 9 <= served["mx.example"] <= 12
    assert sum(served.values()) <= 111


def test_a_book_that_only_slows_keeps_nothing_back(rig):
    row = rig().row(stream="news")
    book = RuleBook([slow(60)])
    assert not book
    assert book.blocking(row) is None
    assert book.paces.of(row, "")
    assert RuleBook([]).lifted_since(book)
    assert not book.lifted_since(RuleBook([]))


def test_mail_of_nobody_has_no_gate(rig):
    assert Paces([slow(60)]).of(rig().row(tenant="", stream=""), "") == []
