"""What counting an accepted recipient costs: microseconds of CPU, from the event log to the counters on disk."""

from __future__ import annotations

import random
import shutil
import statistics
import time

from benchmarks.rows.row import FOLDER, Row, spread
from estafette.base.ids import Mint
from estafette.model.event import Event, pack, unpack
from estafette.model.plan import Plan
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.control import ControlTables, open_control
from estafette.tenancy import metering

CREDENTIALS, EVENTS = 10, 50_000
_ENTRY = AuditEntry(at=1.0, actor="bench", action="bench")


def metering_row(rounds: int) -> list[Row]:
    """Batches of 100 tenants, of 10, and of 1,000 of which nearly every event is another window's."""
    rows = []
    for tenants, target in ((100, 20), (10, 20), (1_000, 0)):
        values = [_microseconds(tenants, number) for number in range(rounds)]
        met = not target or statistics.median(values) < target
        name = f"metering, {tenants} tenants at once, CPU us per recipient"
        rows.append(Row(name, f"< {target}" if target else "-", spread(values), met))
    return rows


def _microseconds(tenants: int, number: int) -> float:
    folder = FOLDER / f"metering-{number}"
    control = open_control(folder, upgrade=True)
    try:
        _sign_up(control, tenants)
        log = _log(tenants)
        metering.count(control, [(0, unpack(log[0]))])
        began = time.process_time()
        for start in range(0, EVENTS, metering.BATCH):
            batch = [
                (start + place + 1, unpack(blob)) for place, blob in enumerate(log[start : start + metering.BATCH])
            ]
            metering.count(control, batch)
        return (time.process_time() - began) / EVENTS * 1e6
    finally:
        control.close()
        shutil.rmtree(folder, ignore_errors=True)


def _sign_up(control: ControlTables, tenants: int) -> None:
    control.plans.add_plan(Plan(name="bench", monthly=10_000, free=10, hourly=1_000), _ENTRY)
    for place in range(tenants):
        name = f"t{place}"
        kinds = [Stream(tenant=name, name=kind, kind=kind) for kind in ("personal", "transactional", "bulk")]
        control.add_tenant(Tenant(id=name, name=name, plan="bench", created=1.0), kinds, _ENTRY)


def _log(tenants: int) -> list[bytes]:
    chance = random.Random(7)
    mint = Mint(time.time)
    now = time.time()
    return [
        pack(
            Event(
                id=mint.next(), at=now + place / 1000, kind="queued", tenant=f"t{chance.randrange(tenants)}",
                stream=chance.choice(("personal", "transactional", "bulk")), message=mint.next(), number=1,
                recipient=f"user{place}@example.net", source="192.0.2.7",
                credential=f"c{chance.randrange(CREDENTIALS)}", size=2000,
            )
        )
        for place in range(EVENTS)
    ]  # fmt: skip
