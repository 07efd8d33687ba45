from __future__ import annotations

import random
from datetime import UTC, datetime

import msgspec
import pytest

from estafette.base.ids import Mint
from estafette.model.event import Event
from estafette.model.plan import Pack, Plan
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.plans import Slice
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.control import ControlTables
from estafette.tenancy import metering

ENTRY = AuditEntry(at=1.0, actor="test", action="test")
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC).timestamp()
MINT = Mint(lambda: NOON, writer=3)
START = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp())


def sign_up(control: ControlTables, name: str = "acme", plan: Plan | None = None, **terms) -> None:
    if plan is not None:
        control.plans.add_plan(plan, ENTRY)
    tenant = Tenant(id=name, name=name, plan=plan.name if plan else "", created=START, **terms)
    streams = [Stream(tenant=name, name=kind, kind=kind) for kind in ("personal", "transactional", "bulk")]
    control.add_tenant(tenant, streams, ENTRY)


def queued(count: int, *, at: float = NOON, tenant: str = "acme", stream: str = "bulk", **more) -> list[Event]:
    return [
        Event(id=MINT.next(), at=at, kind="queued", tenant=tenant, stream=stream, message=1, credential="c", **more)
        for _ in range(count)
    ]


def numbered(events: list[Event], first: int = 1) -> list[tuple[int, Event]]:
    return list(enumerate(events, start=first))


def month(control: ControlTables, tenant: str = "acme") -> dict[str, int]:
    rows = control.plans.usage(tenant, "month", START - 86400, NOON)
    fields = ("recipients", "units", "free", "plan", "pack", "overage", "excess")
    return {name: sum(getattr(row, name) for row in rows) for name in fields}


def test_each_recipient_counts_once_however_often_it_is_read(control: ControlTables) -> None:
    sign_up(control)
    log = numbered(queued(50) + queued(20, stream="personal"))
    assert metering.count(control, log[:40]).recipients == 40
    assert metering.count(control, log[:40]).recipients == 0
    assert metering.count(control, log[30:]).recipients == 30
    assert month(control)["recipients"] == 70
    assert control.plans.position(metering.READER) == 70


def test_a_crash_before_the_commit_counts_nothing(control: ControlTables, monkeypatch) -> None:
    sign_up(control)
    log = numbered(queued(10))
    with monkeypatch.context() as patch:
        patch.setattr("estafette.store.tables.books.TableBooks.move", _die)
        with pytest.raises(KeyboardInterrupt):
            metering.count(control, log)
    assert (month(control)["recipients"], control.plans.position(metering.READER)) == (0, 0)
    metering.count(control, log)
    assert month(control)["recipients"] == 10


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_replay_in_any_pieces_gives_the_same_counts(control: ControlTables) -> None:
    plan = Plan(name="p", monthly=30, free=5, weights={"personal": 2})
    sign_up(control, plan=plan)
    chance = random.Random(5)
    streams = [chance.choice(("bulk", "personal")) for _ in range(60)]
    log = numbered([event for stream in streams for event in queued(1, stream=stream)])
    at = 0
    while at < len(log):
        metering.count(control, log[max(0, at - chance.randrange(9)) : at + chance.randrange(1, 12)])
        at = control.plans.position(metering.READER)
    units = sum(2 if stream == "personal" else 1 for stream in streams)
    assert month(control) == {
        "recipients": 60, "units": units, "free": 5, "plan": 30, "pack": 0, "overage": 0, "excess": units - 35,
    }  # fmt: skip


@pytest.mark.parametrize(("overage", "beyond"), [("bill", "overage"), ("stop", "excess")])
def test_free_then_plan_then_packs_oldest_first_then_overage(control: ControlTables, overage, beyond) -> None:
    sign_up(control, plan=Plan(name="p", monthly=10, free=3, overage_price="1.50"), overage=overage)
    for number, units in enumerate((4, 6)):
        pack = Pack(id=f"k{number}", tenant="acme", units=units, left=units, created=START + number)
        control.plans.add_pack(pack, ENTRY)
    metering.count(control, numbered(queued(15)))
    assert month(control) | {"recipients": 0, "units": 0} == {
        "recipients": 0, "units": 0, "free": 3, "plan": 10, "pack": 2, "overage": 0, "excess": 0,
    }  # fmt: skip
    assert [pack.left for pack in control.plans.packs("acme")] == [2, 6]
    metering.count(control, numbered(queued(10), first=16))
    assert [pack.left for pack in control.plans.packs("acme")] == [0, 0]
    assert month(control)["pack"] == 10
    assert month(control)[beyond] == 2


def test_the_free_allowance_comes_back_every_day_of_the_tenants_zone(control: ControlTables) -> None:
    sign_up(control, plan=Plan(name="p", monthly=100, free=10), timezone="Asia/Tokyo")
    for number in range(3):
        metering.count(control, numbered(queued(12, at=NOON + number * 86400), first=number * 12 + 1))
    before_midnight = datetime(2026, 5, 12, 14, 59, tzinfo=UTC).timestamp()
    metering.count(control, numbered(queued(1, at=before_midnight) + queued(1, at=before_midnight + 60), first=37))
    assert month(control)["free"] == 31
    assert month(control)["plan"] == 38 - 31


def test_mail_that_waits_counts_in_the_window_it_waits_for(control: ControlTables) -> None:
    sign_up(control, plan=Plan(name="p", hourly=5))
    later = int(NOON) + 7200
    metering.count(control, numbered(queued(3) + queued(4, charged=later)))
    hours = {row.start: row.recipients for row in control.plans.usage("acme", "hour", NOON - 1, NOON + 9000)}
    assert hours == {int(NOON): 3, later: 4}


def test_reports_of_our_own_and_other_events_are_not_charged(control: ControlTables) -> None:
    sign_up(control)
    notices = queued(3, reason="notice")
    refused = [msgspec.structs.replace(event, kind="rejected") for event in queued(2)]
    ended = [msgspec.structs.replace(event, kind="delivered") for event in queued(2)]
    strangers = queued(2, tenant="gone") + queued(1, tenant="")
    metering.count(control, numbered(notices + refused + ended + strangers))
    assert month(control)["recipients"] == 0
    assert control.plans.position(metering.READER) == 10


def test_returns_are_counted_on_their_day(control: ControlTables) -> None:
    sign_up(control)
    bounce = msgspec.structs.replace(queued(1)[0], kind="bounced")
    complaint = msgspec.structs.replace(queued(1)[0], kind="complained")
    metering.count(control, numbered([bounce, bounce, complaint]))
    (day,) = control.plans.usage("acme", "day", NOON - 86400, NOON + 1)
    assert (day.bounced, day.complained, day.recipients) == (2, 1, 0)


def test_counted_units_leave_what_their_process_reserved(control: ControlTables) -> None:
    sign_up(control, plan=Plan(name="p", hourly=100))
    opens = int(NOON)
    with control.plans.books() as books:
        for name, writer, units in (("a", 3, 4), ("b", 3, 10), ("c", 9, 10)):
            books.add_slice(
                Slice(id=name, tenant="acme", writer=writer, opens=opens, closes=opens + 3600, until=NOON, units=units)
            )
    metering.count(control, numbered(queued(6)))
    assert {one.id: one.units for one in control.plans.slices("acme")} == {"b": 8, "c": 10}
    metering.forget_reserved(control, NOON + metering.GRACE)
    assert len(control.plans.slices("acme")) == 2
    metering.forget_reserved(control, NOON + metering.GRACE + 1)
    assert control.plans.slices("acme") == ()
