"""Withdrawal: carries out the operator's ``cancel`` and ``purge`` rules on mail that waits.

A courier acts on the shards it owns, because only it knows which of their deliveries are being attempted right now:
those are left to their attempt, and ended on a later pass if they still wait then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import StoreFault
from estafette.base.ids import Mint
from estafette.model.event import Event, pack
from estafette.model.message import Delivery
from estafette.model.rule import Rule
from estafette.model.stream import Priority
from estafette.relay.scheduling.scheduler import Scheduler
from estafette.store.interface.spool import Settlement, Spool, shard_of

EVERY = 0.5
PAGE = 200
REASONS = {"cancel": "cancelled", "purge": "purged"}

_log = log.get("relay.withdrawal")


class Withdrawal:
    """One courier's part. epochs: the shards that it owns now."""

    def __init__(
        self,
        spool: Spool,
        scheduler: Scheduler,
        clock: Clock,
        mint: Mint,
        worker: str,
        epochs: Mapping[int, int],
    ) -> None:
        self._spool = spool
        self._scheduler = scheduler
        self._clock = clock
        self._mint = mint
        self._worker = worker
        self._epochs = epochs

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                for rule in await self._spool.rules():
                    if rule.kind in REASONS:
                        await self.carry_out(rule)
            except StoreFault as fault:
                _log.warning("store_unreachable", cause=fault.cause)

    async def carry_out(self, rule: Rule) -> int:
        """End what the rule names and nobody attempts, and lift it once nothing waits; return how many ended."""
        taken = {delivery.key for delivery in self._scheduler.withdraw(rule.filter)}
        ended = waiting = 0
        after: tuple[int, int] | None = None
        while True:
            page = await self._spool.find(rule.filter, after=after, limit=PAGE)
            rows = [row for row in page.items if self._free(row, taken)]
            waiting += len(page.items) - len(rows)
            ended += await self._end(rows, REASONS[rule.kind])
            if page.next is None:
                break
            after = page.next
        self._scheduler.committed(taken)
        if not waiting and not ended:
            await self._spool.lift_rules([rule.id])
        return ended

    def _free(self, row: Delivery, taken: set[tuple[int, int]]) -> bool:
        owned = shard_of(row.lane) in self._epochs
        return owned and (row.key in taken or not self._scheduler.holds(row.key))

    async def _end(self, rows: Sequence[Delivery], reason: str) -> int:
        if rows:
            await self._spool.settle(self._worker, self._epochs, [self._settlement(row, reason) for row in rows])
            self._scheduler.committed([row.key for row in rows])
        return len(rows)

    def _settlement(self, row: Delivery, reason: str) -> Settlement:
        event = Event(
            id=self._mint.next(),
            at=self._clock.now(),
            kind="failed",
            tenant=row.tenant,
            stream=row.stream,
            message=row.message,
            number=row.number,
            recipient=row.address,
            campaign=row.campaign,
            attempt=row.attempts,
            site=row.lane,
            reason=reason,
            credential=row.credential,
            size=row.size,
            from_domain=row.from_domain,
            private=row.priority == Priority.PERSONAL,
        )
        return Settlement(message=row.message, number=row.number, kind="done", event=pack(event), spent=False)
