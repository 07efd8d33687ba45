"""The settler: keeps what was answered until the store has committed it.

One commit takes at most ``UNSETTLED`` outcomes and waits for company at most ``SETTLE_AFTER``. What it holds is the
bound of duplicates after a crash of the courier, so nothing new starts while it is ``full``. A store that is silent for
``KEEP_AFTER`` is not waited for in memory alone: the ends rest in the journal until it has them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import StoreFault
from estafette.base.ids import Mint
from estafette.base.metrics import counter
from estafette.model.message import Content
from estafette.model.outcome import Verdict
from estafette.relay import ending
from estafette.relay.journal import Journal
from estafette.relay.scheduling.retry import Decision
from estafette.relay.scheduling.scheduler import Scheduler
from estafette.store.interface.spool import Settlement, Spool

UNSETTLED = 256
SETTLE_AFTER = 0.02
AGAIN_AFTER = 0.2
KEEP_AFTER = 0.5
KEEP_EVERY = 0.05
DRAIN_WITHIN = 10.0

_log = log.get("relay.settler")
_outcomes = counter("attempts", "Ends of attempts for one recipient, by verdict", "verdict")


class Settler:
    """Of one courier. epochs: the shards it owns now. room: called when outcomes were committed."""

    def __init__(
        self, worker: str, epochs: Mapping[int, int], *, spool: Spool, journal: Journal, scheduler: Scheduler,
        clock: Clock, mint: Mint, room: Callable[[], None],
    ) -> None:  # fmt: skip
        self._worker = worker
        self._epochs = epochs
        self._spool = spool
        self._journal = journal
        self._scheduler = scheduler
        self._clock = clock
        self._mint = mint
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._pending: list[Settlement] = []
        self._batch: list[Settlement] = []
        self._timer: asyncio.TimerHandle | None = None
        self._settling: asyncio.Task[None] | None = None
        self._held = 0
        self._verdicts: Counter[Verdict] = Counter()
        self._counters = {verdict: _outcomes.labels(verdict) for verdict in get_args(Verdict)}

    @property
    def full(self) -> bool:
        """Whether so much is answered and not yet committed that nothing new may start."""
        return self._held >= UNSETTLED

    def note(self, decisions: Sequence[Decision], content: Content | None) -> None:
        """Take decisions to settle. content: None when they are told from the row alone, without an attempt."""
        if not decisions:
            return
        now = self._clock.now()
        for decision in decisions:
            self._verdicts[decision.outcome.verdict] += 1
            self._pending.append(ending.settlement(decision, content, now, self._mint))
        self._held += len(decisions)
        if len(self._pending) >= UNSETTLED // 2:
            self._flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(SETTLE_AFTER, self._flush)

    async def drain(self) -> None:
        """Return when everything is committed; or when the store stays silent and every end rests in the journal."""
        while self._pending or (self._settling is not None and not self._settling.done()):
            self._flush()
            if self._settling is not None:
                done, _ = await asyncio.wait((self._settling,), timeout=DRAIN_WITHIN)
                if not done and await self._keep():
                    _log.warning("outcomes_left_in_journal", outcomes=self._held)
                    self._settling.cancel()
                    break
        self._journal.close()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending and (self._settling is None or self._settling.done()):
            self._settling = self._loop.create_task(self._settle_all())

    async def _settle_all(self) -> None:
        while self._pending:
            self._batch, self._pending = self._pending[:UNSETTLED], self._pending[UNSETTLED:]
            await self._settle(self._batch)
            self._scheduler.committed([(item.message, item.number) for item in self._batch])
            self._held -= len(self._batch)
            self._batch = []
            self._count()
            self._room()

    def _count(self) -> None:
        """Tell the metrics, once for a whole batch: each word to them costs as much as reading a reply."""
        for verdict, number in self._verdicts.items():
            self._counters[verdict].inc(number)
        self._verdicts.clear()

    async def _settle(self, batch: list[Settlement]) -> None:
        """Commit outcomes; they are kept and tried again for as long as the store cannot be reached."""
        while True:
            try:
                await self._committed(batch)
            except StoreFault as fault:
                _log.warning("settle_waits_for_store", cause=fault.cause, outcomes=len(batch))
                await self._keep()
                await asyncio.sleep(AGAIN_AFTER)
            else:
                self._journal.forget(batch)
                return

    async def _committed(self, batch: list[Settlement]) -> None:
        waiter = asyncio.ensure_future(self._spool.settle(self._worker, self._epochs, batch))
        done, _ = await asyncio.wait((waiter,), timeout=KEEP_AFTER)
        while not done:
            await self._keep()
            done, _ = await asyncio.wait((waiter,), timeout=KEEP_EVERY)
        waiter.result()

    async def _keep(self) -> bool:
        return await asyncio.to_thread(self._journal.keep, [*self._batch, *self._pending])
