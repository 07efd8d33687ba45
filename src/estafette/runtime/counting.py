"""Assembly of what is counted: the quota of a process that accepts mail, the janitor's metering and its statistics."""

from __future__ import annotations

import asyncio
from functools import partial

from estafette.base import ids, log
from estafette.base.errors import StoreFault
from estafette.base.metrics import counter, gauge
from estafette.events.reader import follow
from estafette.relay.custody import Custody
from estafette.relay.pace_rules import PaceRules
from estafette.reporting.desk import CountingDesk
from estafette.runtime.assemble import Unit
from estafette.runtime.offices import office_of
from estafette.runtime.telling import tell
from estafette.tenancy import alerts, complaint_rates, firewall, metering, paces, statements, trust
from estafette.tenancy.metering import BATCH, Counted
from estafette.tenancy.quota import Quota

#: Seconds between two looks at the log when there was nothing new, between two rounds of what follows from it, and
#: between two rounds of what follows from the calendar.
METER_EVERY = 1.0
ROUND_EVERY = 5.0
CALENDAR_EVERY = 300.0
#: Seconds between two looks at streams that are slowed and of which nothing new is heard.
LOOK_EVERY = 60.0
SHORTEST_MONTH = 27.9 * 86_400

_metered = counter("metered_recipients", "Accepted recipients that were counted for their tenants.")
_slowed = gauge("slowed_streams", "Streams that are slowed, by the rule that slows them.", "rule")

_log = log.get("runtime.counting")


def open_quota(unit: Unit) -> None:
    """Give the process its part of every tenant's units."""
    if unit.quota is None:
        writer = ids.writer(unit.store.mint.next())
        expire, windows = unit.settings.delivery.expire, unit.allowances.windows
        unit.quota = Quota(unit.directory.control, unit.clock, writer, expire, windows)
        unit.background(unit.quota.tend)
        unit.closing(unit.quota.close)


def open_meter(unit: Unit) -> None:
    """Count what was accepted, from the log, for as long as the janitor lives."""
    janitor = Janitor(unit)
    unit.readers.append(janitor)
    unit.background(janitor.run)


def open_counters(unit: Unit) -> None:
    """Count what happened to mail, from the log, for as long as the janitor lives."""
    desk = CountingDesk(unit.store.statistics, unit.store.history)
    unit.readers.append(desk)
    unit.background(lambda: follow(unit.store.history, desk))


class Janitor:
    """Counts, and does what follows: alerts, pauses, ramps, statements, and the mail of suspensions."""

    name = metering.READER

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._control = unit.directory.control
        self._custody = Custody(unit.store.spool, unit.clock, unit.store.mint)
        self._paces = PaceRules(unit.store.spool, unit.clock, unit.store.mint)
        self._tenants: set[str] = set()
        self._hours: set[tuple[str, str, int]] = set()
        self._round_due = 0.0
        self._calendar_due = 0.0
        self._look_due = 0.0
        # Rules may be left of a suspension that was lifted while nobody was here.
        self._held = self._paced = True

    async def run(self) -> None:
        """Work until cancelled."""
        # A restored backup may hold counters that are newer than its log.
        position = await asyncio.to_thread(metering.begin, self._control, await self._unit.store.history.position())
        while True:
            try:
                counted = await self._count(position)
                position = counted.position or position
                await self._rounds(position)
                if counted.events < BATCH:
                    await asyncio.sleep(METER_EVERY)
            except StoreFault as fault:
                _log.warning("metering_waits", cause=fault.cause)
                await asyncio.sleep(METER_EVERY)

    async def position(self) -> int:
        """Return how far the log is counted."""
        return await asyncio.to_thread(metering.place, self._control)

    async def _count(self, position: int) -> Counted:
        events = await self._unit.store.history.after(position, BATCH)
        if not events:
            return Counted()
        counted = await asyncio.to_thread(metering.count, self._control, events)
        _metered.inc(counted.recipients)
        self._tenants |= counted.tenants
        self._hours |= counted.hours
        return counted

    async def _rounds(self, position: int) -> None:
        now = self._unit.clock.monotonic()
        if now >= self._round_due:
            self._round_due = now + ROUND_EVERY
            # Reserved units are given up only when every accepted one was counted.
            counted_all = not await self._unit.store.spool.outbox(position, 1)
            if counted_all:
                await asyncio.to_thread(metering.forget_reserved, self._control, self._unit.clock.now())
            await self._suspend()
            await self._slow()
            await tell(self._unit, await asyncio.to_thread(alerts.due, office_of(self._unit), self._take_tenants()))
            if counted_all and now >= self._calendar_due:
                self._calendar_due = now + CALENDAR_EVERY
                await asyncio.to_thread(self._turn_pages)

    def _take_tenants(self) -> set[str]:
        tenants, self._tenants = self._tenants, set()
        return tenants

    async def _suspend(self) -> None:
        hours, self._hours = self._hours, set()
        office = office_of(self._unit)
        await asyncio.to_thread(trust.bursts, office, hours)
        await asyncio.to_thread(partial(firewall.judge, office, set(self._tenants), everybody=self._calm_due()))
        await asyncio.to_thread(complaint_rates.judge, office, set(self._tenants))
        in_force = await asyncio.to_thread(lambda: self._control.plans.suspensions(ended=False))
        if in_force or self._held:
            held = await self._custody.turn(in_force)
            self._held = bool(in_force)
            untold = [each for each in in_force if each.told is None]
            for each in untold:
                await tell(self._unit, await asyncio.to_thread(trust.told, office, each, held.get(each.id, ())))

    def _calm_due(self) -> bool:
        now = self._unit.clock.monotonic()
        due = now >= self._look_due
        if due:
            self._look_due = now + LOOK_EVERY
        return due

    async def _slow(self) -> None:
        office, reputation = office_of(self._unit), self._control.reputation
        in_force = await asyncio.to_thread(lambda: paces.over(office, reputation.paces(ended=False)))
        if in_force or self._paced:
            await self._paces.turn(in_force)
            self._paced = bool(in_force)
        for rule in (*firewall.SIGNALS, "resume", "operator"):
            _slowed.labels(rule).set(sum(each.rule == rule for each in in_force))
        for each in in_force:
            if each.told is None:
                await tell(self._unit, await asyncio.to_thread(paces.told, office, each))

    def _turn_pages(self) -> None:
        office = office_of(self._unit)
        self._control.reputation.prune(office.now() - firewall.KEPT)
        trust.judge(office)
        for tenant in self._control.plans.unclosed(office.now() - SHORTEST_MONTH):
            statements.close(office, office.tenant(tenant))
