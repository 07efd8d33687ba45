from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import prepared

from estafette.base.errors import Refusal
from estafette.base.ids import Mint
from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.model.plan import Pack, Plan
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.plans import Standing
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.control import ControlTables
from estafette.tenancy import metering
from estafette.tenancy.quota import Quota, Terms
from estafette.tenancy.windows import Windows
from estafette.testing.clock import ManualClock

ENTRY = AuditEntry(at=1.0, actor="test", action="test")
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC).timestamp()
START = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp())
EXPIRE = 5 * 86400.0
BULK = Identity(tenant="acme", credential="c", username="shop", stream="bulk", kind="bulk")
ANNA = Identity(tenant="acme", credential="anna", username="anna", stream="personal", kind="personal")


class Company:
    """A tenant, some processes that accept its mail, and a log that metering reads when told to."""

    def __init__(self, control: ControlTables, plan: Plan | None, processes: int = 1, **terms) -> None:
        self.control = control
        self.clock = ManualClock(NOON)
        if plan is not None:
            control.plans.add_plan(plan, ENTRY)
        self.tenant = Tenant(id="acme", name="acme", plan=plan.name if plan else "", created=START, **terms)
        streams = [Stream(tenant="acme", name=kind, kind=kind) for kind in ("personal", "transactional", "bulk")]
        control.add_tenant(self.tenant, streams, ENTRY)
        self.mints = [Mint(self.clock.now, writer=number) for number in range(processes)]
        self.quotas = [Quota(control, self.clock, number, EXPIRE) for number in range(processes)]
        self.log: list[tuple[int, Event]] = []

    def pack(self, units: int) -> None:
        name = f"pack{len(self.control.plans.packs('acme'))}"
        self.control.plans.add_pack(Pack(id=name, tenant="acme", units=units, left=units, created=NOON), ENTRY)

    def send(self, recipients: int = 1, *, process: int = 0, who: Identity = BULK) -> Terms:
        """Book a message and log its events as the spool would."""
        now = self.clock.now()
        terms = self.quotas[process].book(self.tenant, who, recipients, now) or Terms()
        charges = [entry.charged for entry in terms.entries for _ in range(entry.recipients)] or [0] * recipients
        for charged in charges:
            event = Event(
                id=self.mints[process].next(), at=now, kind="queued", tenant="acme", stream=who.stream, message=1,
                credential=who.credential, charged=charged,
            )  # fmt: skip
            self.log.append((len(self.log) + 1, event))
        return terms

    def meter(self) -> None:
        metering.count(self.control, self.log[self.control.plans.position(metering.READER) :])

    def crash(self, process: int) -> None:
        self.quotas[process] = Quota(self.control, self.clock, process, EXPIRE)

    def hour(self, start: float) -> int:
        rows = self.control.plans.usage("acme", "hour", start, start + 1)
        return sum(row.recipients for row in rows)


@pytest.fixture
def company(control: ControlTables) -> Callable[..., Company]:
    return lambda plan=None, **how: Company(control, plan, **how)


def refused(call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    assert (caught.value.code, caught.value.enhanced, caught.value.rule) == (452, "4.7.1", "quota")
    return caught.value


def test_without_a_plan_nothing_is_asked_and_nothing_waits(company) -> None:
    acme = company()
    assert acme.send(1000) == Terms()
    assert acme.control.plans.slices("acme") == ()


def test_within_the_plan_mail_goes_at_once_and_costs_one_look_for_many(company, monkeypatch) -> None:
    acme = company(Plan(name="p", hourly=10_000))
    acme.send()
    monkeypatch.setattr(acme.control.plans, "books", None)
    for _ in range(500):
        assert acme.send() == Terms()


def test_beyond_the_hour_mail_waits_for_the_next_one_and_is_spread_over_it(company) -> None:
    acme = company(Plan(name="p", hourly=60))
    assert acme.send(60) == Terms()
    (entry,) = acme.send(30).entries
    assert (entry.recipients, entry.due, entry.charged, entry.step) == (30, NOON + 3600, NOON + 3600, 60.0)
    (later,) = acme.send(10).entries
    assert later.due == NOON + 3600 + 30 * 60
    acme.meter()
    assert (acme.hour(NOON), acme.hour(NOON + 3600)) == (60, 40)


def test_a_message_larger_than_the_window_is_spread_over_several(company) -> None:
    acme = company(Plan(name="p", hourly=10))
    windows = Counter({0: 0})
    for entry in acme.send(35).entries:
        windows[entry.charged and entry.charged - NOON] += entry.recipients
    assert windows == {0: 10, 3600: 10, 7200: 10, 10800: 5}


def test_no_more_waits_than_one_day_of_the_plan(company) -> None:
    acme = company(Plan(name="p", hourly=10))
    acme.send(10)
    acme.send(240)
    answer = refused(acme.send)
    assert answer.cause == "backlog"
    assert answer.retry_after == 3600
    assert "2026-05-10T13:00:00Z" in answer.public


def test_mail_that_would_expire_first_is_refused_with_when_and_why(company) -> None:
    acme = company(Plan(name="p", monthly=30))
    acme.send(30)
    answer = refused(acme.send)
    assert answer.cause == "month"
    assert answer.retry_after == datetime(2026, 6, 1, tzinfo=UTC).timestamp() - NOON
    acme.clock.pass_(17 * 86400)
    assert acme.send().entries[0].due == datetime(2026, 6, 1, tzinfo=UTC).timestamp()


def test_nothing_is_taken_for_a_message_that_is_refused(company) -> None:
    acme = company(Plan(name="p", monthly=30))
    refused(lambda: acme.send(31))
    assert acme.send(30) == Terms()


def test_a_window_that_opened_takes_new_mail(company) -> None:
    acme = company(Plan(name="p", hourly=10))
    acme.send(12)
    acme.clock.pass_(3600)
    assert acme.send(8) == Terms()
    assert acme.send(1).entries[0].due >= NOON + 7200


def test_a_free_allowance_alone_comes_back_the_next_day(company) -> None:
    acme = company(Plan(name="free", monthly=0, free=20))
    acme.send(20)
    assert acme.send(5).entries[0].due == NOON + 12 * 3600
    acme.meter()
    assert acme.send(15).entries[0].due == NOON + 12 * 3600
    assert refused(acme.send).cause == "backlog"


def test_overage_is_the_tenants_choice(company) -> None:
    acme = company(Plan(name="p", monthly=10, overage_price="2.00"), overage="bill")
    assert acme.send(500) == Terms()


def test_a_new_pack_is_used_within_seconds(company) -> None:
    acme = company(Plan(name="p", monthly=0))
    refused(acme.send)
    acme.pack(5)
    acme.clock.pass_(4)
    assert acme.send(5) == Terms()


def test_streams_weigh_what_the_plan_says(company) -> None:
    acme = company(Plan(name="p", monthly=10, weights={"bulk": 4, "personal": 0}))
    assert acme.send(2) == Terms()
    refused(acme.send)
    assert acme.send(50, who=ANNA) == Terms()


def test_a_new_tenant_is_limited_a_day(company) -> None:
    acme = company(trust="ramp")
    acme.control.plans.put_standing(Standing(tenant="acme", allowed=200))
    acme.send(200)
    (entry,) = acme.send(1).entries
    assert entry.due == NOON + 12 * 3600


def test_an_employee_who_writes_to_many_goes_in_the_bulk_lane(company) -> None:
    acme = company()
    assert acme.send(100, who=ANNA).bulk == ""
    assert "100 recipients in one message" in acme.send(101, who=ANNA).bulk
    acme.send(99, who=ANNA)
    acme.send(100, who=ANNA)
    acme.send(100, who=ANNA)
    assert "500 recipients" in acme.send(1, who=ANNA).bulk
    acme.clock.pass_(86400)
    assert acme.send(1, who=ANNA).bulk == ""


async def test_what_is_not_spent_is_given_back_at_the_end(company) -> None:
    acme = company(Plan(name="p", monthly=800))
    acme.send(3)
    await acme.quotas[0].close()
    acme.meter()
    assert acme.control.plans.slices("acme") == ()


def test_what_a_dead_process_reserved_comes_back_after_its_time(company) -> None:
    acme = company(Plan(name="p", monthly=80), processes=2)
    acme.send(5)
    acme.crash(0)
    acme.send(70, process=1)
    refused(lambda: acme.send(5, process=1))
    acme.meter()
    acme.clock.pass_(1000)
    metering.forget_reserved(acme.control, acme.clock.now())
    assert acme.send(5, process=1) == Terms()
    acme.clock.pass_(4)
    refused(acme.send)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_packs_are_never_sold_twice_whatever_dies(tmp_path_factory, seed) -> None:
    control = prepared.control_in(tmp_path_factory.mktemp("oversell"))
    chance = random.Random(seed)
    acme = Company(control, Plan(name="p", monthly=40), processes=3)
    acme.pack(100)
    acme.pack(60)
    for _ in range(120):
        act = chance.random()
        if act < 0.1:
            acme.crash(chance.randrange(3))
        elif act < 0.3:
            acme.meter()
        elif act < 0.4:
            acme.clock.pass_(chance.randrange(300))
            acme.meter()
            metering.forget_reserved(control, acme.clock.now())
        else:
            try:
                acme.send(chance.randrange(1, 12), process=chance.randrange(3))
            except Refusal:
                pass
    acme.meter()
    rows = control.plans.usage("acme", "month", START, NOON + 90 * 86400)
    assert sum(row.excess + row.overage for row in rows) == 0
    assert sum(row.recipients for row in rows) == len(acme.log) <= 200
    control.close()


async def test_units_are_fetched_beside_the_loop_and_then_taken_without_a_look(company, monkeypatch) -> None:
    acme = company(Plan(name="p", hourly=100, weights={"bulk": 10}))
    (quota,) = acme.quotas
    while (waiting := quota.lacking(acme.tenant, "bulk", 3)) is not None:
        await waiting
    monkeypatch.setattr(acme.control.plans, "books", None)
    assert quota.lacking(acme.tenant, "bulk", 3) is None
    assert acme.send(3) == Terms()


async def test_who_asks_at_once_for_the_same_account_waits_for_one_answer(company) -> None:
    acme = company(Plan(name="p", hourly=1000))
    (quota,) = acme.quotas
    await asyncio.gather(*(waiting for _ in range(20) if (waiting := quota.lacking(acme.tenant, "bulk", 1))))
    assert len(acme.control.plans.slices("acme")) == 1


async def test_a_no_is_known_after_one_question(company) -> None:
    acme = company(Plan(name="p", monthly=5))
    (quota,) = acme.quotas
    for _ in range(2):
        waiting = quota.lacking(acme.tenant, "bulk", 50)
        assert waiting is not None
        await waiting
    assert quota.lacking(acme.tenant, "bulk", 50) is None
    refused(lambda: acme.send(50))


async def test_a_tenant_without_limits_is_never_asked_for(company) -> None:
    acme = company()
    assert acme.quotas[0].lacking(acme.tenant, "bulk", 10_000) is None


def test_the_day_of_a_person_is_one_over_all_processes(company) -> None:
    acme = company()
    processes = [Windows(), Windows()]
    quotas = [Quota(acme.control, acme.clock, number, EXPIRE, each) for number, each in enumerate(processes)]
    for each in quotas:
        for _ in range(3):
            assert each.book(acme.tenant, ANNA, 90, NOON) is None
    for _ in range(2):
        for windows in processes:
            windows.learn(acme.control.logins.spend(windows.take(NOON)))
    for each in quotas:
        terms = each.book(acme.tenant, ANNA, 1, NOON)
        assert terms is not None
        assert "500 recipients of this login today" in terms.bulk
        assert each.book(acme.tenant, ANNA, 1, NOON + 86400) is None
