"""The reputation firewall: who is slowed, who is stopped, what is told, and how everything ends."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.tenancy.test_trust import DAY, NOON, World

from estafette.base.errors import Fault
from estafette.model.event import LATE, Event
from estafette.model.pace import Pace
from estafette.reporting import alerts, watch
from estafette.smtp.classification import vocabulary
from estafette.tenancy import (
    firewall,
    metering,
    pace_text,
    paces,
    spells,
    streams,
    suspension_text,
    suspensions,
    tenants,
)
from estafette.tenancy.office import NotFound, Office
from estafette.tenancy.rules import shipped

HOUR = 3_600


class Refused(World):
    def said(
        self, kind: str, count: int, *, stream: str = "bulk", category: str = "", site: str = "mx.test", reason: str = "",
        private: bool = False, tenant: str = "",
    ) -> metering.Counted:  # fmt: skip
        """Answers of servers of now."""
        events = []
        for _ in range(count):
            self.place += 1
            event = Event(
                id=self.place << 20, at=self.clock.now(), kind=kind, tenant=tenant or self.tenant, stream=stream,
                message=1, site=site, category=category, reason=reason, private=private,
            )  # fmt: skip
            events.append((self.place, event))
        return metering.count(self.office.control, events)

    def sent(self, good: int, bad: int, *, stream: str = "bulk", site: str = "mx.test", private: bool = False) -> None:
        self.said("delivered", good, stream=stream, site=site, private=private)
        self.said("bounced", bad, stream=stream, category="mailbox_disabled", site=site, private=private)

    def judge(self) -> list[tuple[str, str]]:
        return [(each.stream, each.rule) for each in firewall.judge(self.office, [self.tenant])]

    def slowed(self) -> list[tuple[str, str, str, float]]:
        found = self.office.control.reputation.paces(self.tenant, ended=False)
        return sorted((each.stream, each.site, each.rule, each.rate) for each in found)

    def only(self) -> Pace:
        (pace,) = self.office.control.reputation.paces(self.tenant, ended=False)
        return pace

    def audit(self) -> list[tuple[str, str]]:
        entries = self.office.control.audit(tenant=self.tenant)
        return [(each.action, each.detail) for each in reversed(entries) if each.action.startswith(("pace", "susp"))]


@pytest.fixture
def world(office: Office) -> Refused:
    return Refused(office)


def test_the_shipped_limits_are_the_promised_ones() -> None:
    limits, speed = shipped().stream, shipped().pace
    assert (limits.hours, limits.least, limits.slow, limits.calm, limits.pause) == (24, 200, 0.05, 0.04, 0.10)
    assert (speed.resumed, speed.resumed_hours) == (0.5, 24)
    for signal in (shipped().stream, shipped().unknown_users, shipped().blocks):
        assert signal.calm < signal.slow
    assert {*shipped().counted.unknown, *shipped().counted.blocked} <= set(vocabulary())
    assert set(shipped().counted.reasons.values()) <= set(vocabulary())
    assert {each.bounce for each in vocabulary().values()} >= shipped().counted.hard


@pytest.mark.parametrize(
    ("good", "bad", "then"),
    [(191, 9, []), (190, 10, ["returns"]), (180, 19, []), (181, 19, ["returns"]), (0, 199, [])],
)
def test_five_in_a_hundred_of_two_hundred_attempts_slow_a_stream(
    world: Refused, good: int, bad: int, then: list[str]
) -> None:
    world.sent(good, bad)
    assert world.judge() == []
    assert [each.rule for each in world.office.control.reputation.paces()] == then


def test_ten_in_a_hundred_stop_it_and_end_the_slowing(world: Refused) -> None:
    world.sent(188, 12)
    assert (world.judge(), world.judge()) == ([], [])
    assert world.only().numbers == {
        "hours": "24", "attempts": "200", "hard_bounces": "12 (6.0%, max. 5.0%)", "since": "2026-05-09 12:00 UTC",
        "until": "2026-05-10 12:00 UTC",
    }  # fmt: skip
    world.sent(0, 11)
    assert (world.judge(), world.judge()) == ([("bulk", "returns")], [])
    (stop,) = world.office.control.plans.suspensions(ended=False)
    assert (stop.numbers["attempts"], stop.numbers["hard_bounces"]) == ("211", "23 (10.9%, max. 10.0%)")
    assert (stop.stream, stop.until) == ("bulk", NOON + 72 * HOUR)
    assert world.slowed() == []
    assert [action for action, _ in world.audit()] == ["pace.create", "pace.end", "suspension.create"]
    assert world.audit()[0][1] == "returns: 60 recipients an hour"


def test_it_leaves_below_four_in_a_hundred_and_does_not_flap(world: Refused) -> None:
    world.sent(190, 10)
    world.judge()
    for good, slow in ((10, True), (25, True), (14, True), (2, False)):
        world.sent(good, 0)
        world.judge()
        assert bool(world.slowed()) is slow, good
    world.sent(0, 1)
    world.judge()
    assert world.slowed() == []
    world.sent(0, 5)
    world.judge()
    assert len(world.slowed()) == 1


def test_a_stream_that_hardly_sends_any_more_is_let_go(world: Refused) -> None:
    world.sent(190, 10)
    world.judge()
    world.clock.pass_(23 * HOUR)
    world.judge()
    assert len(world.slowed()) == 1
    world.clock.pass_(2 * HOUR)
    world.sent(90, 9)
    world.judge()
    assert world.slowed() == []


def test_what_is_older_than_24_hours_does_not_count(world: Refused) -> None:
    world.sent(0, 150)
    world.clock.pass_(DAY + 600)
    world.sent(100, 99)
    assert world.judge() == []
    world.sent(1, 0)
    assert world.judge() == [("bulk", "returns")]


def test_who_lifted_a_pause_has_seen_its_figures_and_the_stream_goes_at_half_speed_for_a_day(world: Refused) -> None:
    world.log("queued", 1_000)
    world.sent(500, 500)
    world.judge()
    (stop,) = world.office.control.plans.suspensions(ended=False)
    world.clock.pass_(1_900)
    suspensions.resume(world.office, stop.id)
    assert (world.judge(), world.slowed()) == ([], [("bulk", "", "resume", 500.0)])
    world.clock.pass_(600)
    world.sent(0, 199)
    assert world.judge() == []
    world.sent(1, 0)
    assert world.judge() == [("bulk", "returns")]


def test_half_speed_ends_by_itself(world: Refused) -> None:
    world.log("queued", 400)
    world.sent(500, 500)
    world.judge()
    (stop,) = world.office.control.plans.suspensions(ended=False)
    suspensions.resume(world.office, stop.id)
    assert world.slowed() == [("bulk", "", "resume", 200.0)]
    world.clock.pass_(DAY - 1)
    world.judge()
    assert world.only().until == NOON + DAY
    world.clock.pass_(1)
    world.judge()
    assert world.slowed() == []
    assert world.audit()[-1] == ("pace.end", "resume: 200 recipients an hour")


@pytest.mark.parametrize(("full", "then"), [(False, [("bulk", "", "resume", 100.0)]), (True, [])])
def test_a_person_lifts_a_slowing(world: Refused, full: bool, then: list[Any]) -> None:
    world.log("queued", 200)
    world.sent(190, 10)
    world.judge()
    name = world.only().id
    lifted = paces.lift(world.office, name, full=full)
    assert (lifted["ended_by"], world.slowed()) == ("cli:operator", then)
    assert (world.judge(), world.slowed()) == ([], then)
    with pytest.raises(Fault):
        paces.lift(world.office, name)


def test_a_tenth_of_the_usual_hour_and_never_below_the_floor(world: Refused) -> None:
    for hour in range(4):
        world.log("queued", 3_000 if hour < 2 else 0)
        world.clock.pass_(HOUR)
    world.sent(190, 10)
    world.judge()
    assert (world.only().usual, world.only().rate) == (3_000.0, 300.0)
    world.sent(190, 10, stream="transactional")
    world.judge()
    assert ("transactional", "", "returns", 60.0) in world.slowed()


def test_mail_of_people_is_not_slowed_but_its_owner_is_told(world: Refused) -> None:
    world.sent(188, 12, stream="personal", private=True)
    assert (world.judge(), world.judge(), world.slowed()) == ([], [], [])
    (alert,) = items(alerts.list_all(world.office, world.tenant))
    assert (alert["kind"], alert["ended"], alert["told"]) == ("hard_bounces", None, None)
    assert "12 of 200 recipients of the stream personal" in str(alert["words"])
    ((_, note),) = watch.owed(world.office)
    assert "personal" in note.text
    world.sent(200, 0, stream="personal", private=True)
    world.judge()
    assert items(alerts.list_all(world.office, world.tenant))[0]["ended"]
    with pytest.raises(Fault):
        paces.create(world.office, "Acme", "personal", 100)
    assert paces.half_speed(world.office, world.tenant, "personal") is None


def test_the_alert_of_a_slowed_stream_is_told_by_the_letter_about_its_pace(world: Refused) -> None:
    world.sent(190, 10)
    world.judge()
    (alert,) = items(alerts.list_all(world.office, world.tenant))
    assert (alert["kind"], bool(alert["told"])) == ("hard_bounces", True)
    assert watch.owed(world.office) == []
    (note,) = paces.told(world.office, world.only())
    assert world.only().told == NOON
    for part in ("the stream bulk is slowed", "10 (5.0%, max. 5.0%)", f"pace lift {world.only().id}", "est ralenti"):
        assert part in note.text, part
    (ticket,) = world.office.control.tickets.page(watch.FIRST, tenant="").items
    assert "the stream bulk is slowed" in ticket.subject
    assert "60 recipients an hour" in ticket.text


@pytest.mark.parametrize(("unknown", "then"), [(3, []), (4, ["unknown_users"])])
def test_a_bought_list_shows_within_the_hour(world: Refused, unknown: int, then: list[str]) -> None:
    world.said("delivered", 50 - unknown)
    world.said("bounced", unknown, category="invalid_recipient")
    world.judge()
    assert [rule for _, _, rule, _ in world.slowed()] == then


def test_unknown_users_of_an_hour_ago_slow_nobody(world: Refused) -> None:
    world.said("delivered", 50)
    world.said("bounced", 9, category="invalid_recipient")
    world.judge()
    assert [rule for _, _, rule, _ in world.slowed()] == ["unknown_users"]
    world.clock.pass_(HOUR + 600)
    world.judge()
    assert world.slowed() == []


def test_a_site_that_blocks_slows_the_stream_to_that_site_alone(world: Refused) -> None:
    world.said("delivered", 60, site="mx.kind")
    world.said("deferred", 2, category="reputation_block", site="mx.angry")
    world.said("delivered", 25, site="mx.angry")
    world.judge()
    assert world.slowed() == []
    world.said("deferred", 3, category="ip_blocklisted", site="mx.angry")
    world.judge()
    assert world.slowed() == [("bulk", "mx.angry", "blocks", 60.0)]
    assert world.only().numbers["blocked"] == "5 (16.7%, max. 10.0%)"
    assert world.only().numbers["site"] == "mx.angry"
    world.said("delivered", 100, site="mx.angry")
    world.judge()
    assert world.slowed() == []


def test_refusals_of_another_stream_or_tenant_slow_nobody_else(world: Refused) -> None:
    other = str(tenants.create(world.office, "Rival")["id"])
    world.sent(188, 12, stream="transactional")
    assert firewall.judge(world.office, [other]) == []
    assert world.slowed() == []
    assert firewall.judge(world.office, [world.tenant, other]) == []
    assert [stream for stream, *_ in world.slowed()] == ["transactional"]
    name = world.only().id
    with pytest.raises(NotFound):
        paces.lift(world.office, name, tenant="Rival")
    assert items(paces.list_all(world.office, tenant="Rival")) == []


def test_a_suspended_stream_is_not_slowed(world: Refused) -> None:
    suspensions.create(world.office, "Acme")
    world.sent(188, 12)
    assert (world.judge(), world.slowed()) == ([], [])


def test_an_operator_slows_by_hand(world: Refused) -> None:
    made = paces.create(world.office, "Acme", "bulk", 100, site="MX.test", hours=2, reason="warm-up")
    assert (made["site"], made["per_hour"], made["numbers"]) == ("mx.test", 100, {"reason": "warm-up"})
    again = paces.create(world.office, "Acme", "bulk", 50, site="mx.test")
    assert world.slowed() == [("bulk", "mx.test", "operator", 50.0)]
    assert items(streams.show(world.office, "Acme", "bulk"), "slowed") == [again]
    world.sent(0, 200)
    assert world.judge() == [("bulk", "returns")]
    assert world.slowed() == [("bulk", "mx.test", "operator", 50.0)]
    paces.lift(world.office, str(again["id"]))
    assert world.slowed() == []
    for wrong in ({"per_hour": 0}, {"per_hour": 10**9}, {"per_hour": 5, "hours": -1}):
        with pytest.raises(Fault):
            paces.create(world.office, "Acme", "bulk", **wrong)


def test_what_is_counted() -> None:
    def event(kind: str, **fields: Any) -> Event:
        return Event(id=1, at=NOON + 599, kind=kind, tenant="t", stream="s", message=1, **fields)

    found = spells.counted([
        event("delivered", site="a"), event("sent", site="a"), event("queued"), event("opened"),
        event("bounced", site="a", category="invalid_recipient"), event("bounced", site="a", category="mailbox_full"),
        event("bounced", site="a", category="spam_content"), event("deferred", site="a", category="spam_content"),
        event("bounced", site="a", category="invalid_recipient", reason=LATE), event("bounced", site="a"),
        event("bounced", reason="no_such_domain"), event("delivered", site="a", private=True),
        Event(id=2, at=NOON, kind="delivered", tenant="", stream="", message=1),
    ])  # fmt: skip
    counts = {
        site: (each.attempted, each.deferred, each.hard, each.unknown, each.blocked)
        for (_, _, _, site), each in found.items()
    }
    assert counts == {"a": (6, 1, 4, 2, 2), "": (2, 0, 1, 0, 0)}
    assert {start for _, start, _, _ in found} == {int(NOON)}


def test_events_that_come_twice_count_once(world: Refused) -> None:
    event = Event(id=9, at=NOON, kind="bounced", tenant=world.tenant, stream="bulk", message=1, site="x")
    for _ in range(2):
        metering.count(world.office.control, [(1, event)])
    (spell,) = world.office.control.reputation.sums([world.tenant], 0)
    assert (spell.attempted, spell.hard, spell.site) == (1, 1, "")
    gone = Event(id=10, at=NOON, kind="bounced", tenant="nobody", stream="bulk", message=1, site="x")
    metering.count(world.office.control, [(2, gone)])
    assert world.office.control.reputation.sums(["nobody"], 0) == []
    assert world.office.control.reputation.prune(NOON + 600) == 1


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_rule_and_figure_has_words(world: Refused, language: Any) -> None:
    words = pace_text._words()[language]
    rules = {*firewall.SIGNALS, "resume", "operator"}
    assert set(words.rules) == set(words.ways) == rules
    world.said("delivered", 170)
    world.said("bounced", 30, category="spam_content")
    limit = shipped().blocks
    found = firewall.Evidence(rule="blocks", site="x", events=1, base=2, since=0.0, until=9.0, limit=limit)
    assert {*found.numbers(0.1), "hard_bounces", "unknown_users", "reason"} <= set(words.figures)
    assert {"hours", "attempts", "hard_bounces", "since", "until"} <= set(suspension_text._words()[language].figures)


def test_what_time_alone_calms_is_seen_by_a_look_at_everybody(world: Refused) -> None:
    world.sent(190, 10)
    world.judge()
    world.clock.pass_(DAY + 600)
    assert firewall.judge(world.office, [], everybody=False) == []
    assert len(world.slowed()) == 1
    assert firewall.judge(world.office, []) == []
    assert world.slowed() == []


def items(found: Any, name: str = "items") -> Any:
    return found[name]
