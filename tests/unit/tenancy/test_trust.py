from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from estafette.base.errors import Fault, Refusal
from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.tenancy import alerts, credentials, metering, plans, suspensions, tenants, trust
from estafette.tenancy.office import NotFound, Office
from estafette.tenancy.quota import Quota
from estafette.tenancy.rules import shipped
from estafette.testing.clock import ManualClock

DAY = 86_400
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC).timestamp()


class World:
    """One tenant, a clock, and a log that grows as the test says."""

    def __init__(self, office: Office) -> None:
        self.clock = ManualClock(NOON)
        self.office = msgspec.structs.replace(office, now=self.clock.now)
        self.tenant = str(tenants.create(self.office, "Acme")["id"])
        self.place = 0

    def log(self, kind: str, count: int, *, stream: str = "bulk", credential: str = "c") -> metering.Counted:
        events = []
        for _ in range(count):
            self.place += 1
            event = Event(
                id=self.place << 20, at=self.clock.now(), kind=kind, tenant=self.tenant, stream=stream, message=1,
                credential=credential,
            )  # fmt: skip
            events.append((self.place, event))
        return metering.count(self.office.control, events)


@pytest.fixture
def world(office: Office) -> World:
    return World(office)


def test_the_shipped_rules_are_the_promised_ones() -> None:
    rules = shipped()
    assert (rules.ramp.first_day, rules.ramp.factor, rules.ramp.days) == (200, 2, 14)
    assert (rules.ramp.hard_bounces, rules.ramp.complaints) == (0.03, 0.001)
    assert (rules.personal.recipients_per_message, rules.personal.recipients_per_day) == (100, 500)
    assert (rules.burst.limit(3), rules.burst.limit(11), rules.paused.hours) == (50, 55, 72)


def allowed(world: World) -> int:
    (standing,) = world.office.control.plans.standings()
    return standing.allowed


def test_clean_days_double_what_a_new_tenant_may_send(world: World) -> None:
    tenants.update(world.office, "Acme", trust="ramp")
    trust.judge(world.office)
    assert allowed(world) == 200
    for bounced, complained, expected in ((2, 0, 400), (3, 0, 400), (0, 1, 400), (2, 0, 800)):
        world.log("queued", 100)
        world.log("bounced", bounced)
        world.log("complained", complained)
        world.clock.pass_(DAY)
        trust.judge(world.office)
        trust.judge(world.office)
        assert allowed(world) == expected
    world.clock.pass_(3 * DAY)
    trust.judge(world.office)
    assert allowed(world) == 800


def test_after_fourteen_clean_days_the_plan_alone_decides(world: World) -> None:
    tenants.update(world.office, "Acme", trust="ramp")
    trust.judge(world.office)
    for _ in range(14):
        world.log("queued", 1)
        world.clock.pass_(DAY)
        assert tenants.show(world.office, "Acme")["trust"] == "ramp"
        trust.judge(world.office)
    assert tenants.show(world.office, "Acme")["trust"] == "full"


def test_a_login_that_sends_out_of_proportion_is_paused(world: World) -> None:
    anna = str(credentials.create(world.office, "Acme", stream="personal")["id"])
    for _ in range(3):
        world.log("queued", 12, stream="personal", credential=anna)
        world.clock.pass_(DAY)
    usual = world.log("queued", 60, stream="personal", credential=anna)
    assert trust.bursts(world.office, usual.hours) == []
    odd = world.log("queued", 1, stream="personal", credential=anna)
    (pause,) = trust.bursts(world.office, odd.hours)
    assert pause.numbers == {"recipients_of_the_hour": "61", "busiest_hour_before": "12", "limit": "60"}
    assert trust.bursts(world.office, odd.hours) == []
    shop = str(credentials.create(world.office, "Acme")["id"])
    much = world.log("queued", 900, stream="transactional", credential=shop)
    assert trust.bursts(world.office, much.hours) == []


def test_a_new_login_of_a_trusted_tenant_has_a_day_to_show_what_is_usual(world: World) -> None:
    anna = str(credentials.create(world.office, "Acme", stream="personal")["id"])
    first = world.log("queued", 300, stream="personal", credential=anna)
    assert trust.bursts(world.office, first.hours) == []
    tenants.update(world.office, "Acme", trust="ramp")
    assert len(trust.bursts(world.office, first.hours)) == 1


def test_a_suspension_tells_everything_and_ends(world: World) -> None:
    made = suspensions.create(world.office, "Acme", stream="bulk", reason="spam trap")
    for field in ("rule", "why", "numbers", "messages", "allowed", "appeal", "mail_kept_until"):
        assert field in made
    assert made["numbers"] == {"reason": "spam trap"}
    assert suspensions.list_all(world.office, tenant="Acme")["items"] == [made]
    assert suspensions.purge(world.office, str(made["id"]))["mail_kept_until"] == "2026-05-10T12:00:00Z"
    assert suspensions.resume(world.office, str(made["id"]))["ended"] == "2026-05-10T12:00:00Z"
    assert suspensions.list_all(world.office)["items"] == []
    with pytest.raises(Fault, match="already"):
        suspensions.resume(world.office, str(made["id"]))
    with pytest.raises(NotFound):
        suspensions.create(world.office, "Acme", stream="none")


@pytest.mark.parametrize(
    ("what", "stopped"), [({}, {"bulk", "personal"}), ({"stream": "bulk"}, {"bulk"}), ({"credential": True}, {"bulk"})]
)
def test_what_is_suspended_is_refused_and_nothing_else(world: World, what: dict, stopped: set) -> None:
    made = credentials.create(world.office, "Acme", stream="bulk")
    if what.get("credential"):
        what = {"credential": made["username"]}
    given = suspensions.create(world.office, "Acme", **what)
    quota = Quota(world.office.control, world.clock, 0, DAY)
    quota.learn()
    found = {}
    for stream in ("bulk", "personal"):
        credential = str(made["id"]) if stream == "bulk" else "other"
        who = Identity(tenant=world.tenant, credential=credential, username="u", stream=stream, kind=stream)
        try:
            quota.book(world.office.tenant("Acme"), who, 1, NOON)
        except Refusal as refusal:
            found[stream] = (refusal.code, refusal.rule, str(given["id"]) in refusal.public)
    assert found == dict.fromkeys(stopped, (451, "suspended", True))
    suspensions.resume(world.office, str(given["id"]))
    quota.learn()
    assert quota.book(world.office.tenant("Acme"), who, 1, NOON) is None


def test_who_pays_is_told_once_at_each_level(world: World) -> None:
    plans.create(world.office, "small", monthly=100)
    tenants.update(world.office, "Acme", plan="small", alert_to="billing@acme.test")
    levels = []
    for _ in range(21):
        world.log("queued", 5)
        levels += [note.subject for note in alerts.due(world.office, [world.tenant])]
    assert levels == [
        f"Acme: {level} % of the plan small / Acme : {level} % du forfait small" for level in (80, 95, 100)
    ]
    world.clock.pass_(32 * DAY)
    world.log("queued", 100)
    (note,) = alerts.due(world.office, [world.tenant])
    assert note.to == ("billing@acme.test",)
    assert note.subject.startswith("Acme: 100 % of the plan small")
    assert "forfait" in note.text


def test_the_owner_is_told_of_a_pause_once(world: World) -> None:
    tenants.update(world.office, "Acme", alert_to="billing@acme.test")
    suspensions.create(world.office, "Acme", stream="bulk", reason="spam trap")
    (pause,) = world.office.control.plans.suspensions()
    (note,) = trust.told(world.office, pause, [7, 8])
    for word in ("bulk", "spam trap", "0000000000007", pause.id, "Appeal", "Still allowed"):
        assert word in note.text
    (pause,) = world.office.control.plans.suspensions()
    assert pause.messages == (7, 8)
    assert trust.told(world.office, pause, []) == []


def test_a_released_suspension_keeps_no_mail_and_stays(world: World) -> None:
    made = suspensions.create(world.office, "Acme", stream="bulk")
    shown = suspensions.release(world.office, str(made["id"]), tenant="Acme")
    assert (shown["mail_kept_until"], shown["ended"]) == (None, None)
    (open_,) = world.office.control.plans.suspensions(ended=False)
    assert open_.released
