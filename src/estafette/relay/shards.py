"""The shards of one courier: taken, kept, given back; what their rows do is heard here and told to the scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from estafette.base.clock import Clock
from estafette.base.errors import StoreFault
from estafette.relay.scheduling.scheduler import Scheduler
from estafette.relay.store_call import AGAIN_AFTER, tried, unreachable
from estafette.store.interface.spool import Spool, Wake

RECONCILE_EVERY = 60.0
RENEW_EVERY = 5.0


class Shards:
    """``epochs``: the shards owned now. want: how many to ask for. ring: called after whatever is news."""

    def __init__(
        self, worker: str, want: int, *, spool: Spool, scheduler: Scheduler, clock: Clock, ring: Callable[[], None]
    ) -> None:
        self._worker = worker
        self._want = want
        self._spool = spool
        self._scheduler = scheduler
        self._clock = clock
        self._ring = ring
        self.epochs: dict[int, int] = {}

    async def take_over(self) -> None:
        """Lease the shards and learn what they hold and which rules are in force."""
        self._own(await self._spool.lease(self._worker, self._want))
        await self._read_anew()

    async def _read_anew(self) -> None:
        self._scheduler.set_rules(await self._spool.rules())
        await self._sum_up()

    def _own(self, epochs: Mapping[int, int]) -> None:
        """Know the shards owned now; in one step, since outcomes are settled under them at any time."""
        self.epochs.clear()
        self.epochs.update(epochs)

    async def _sum_up(self) -> None:
        self._scheduler.summaries(await self._spool.feeds(self._worker), self._clock.now())
        self._ring()

    async def listen(self) -> None:
        """Take in the store's hints, for ever; after a silence of the store everything is taken over anew."""
        while True:
            try:
                async for wake in self._spool.wakes(self._worker):
                    await self._woken(wake)
            except StoreFault as fault:
                unreachable(fault)
            await asyncio.sleep(AGAIN_AFTER)
            await tried(self.take_over)

    async def _woken(self, wake: Wake) -> None:
        # The rules first: mail that was accepted after a hold must not meet a scheduler that has not heard of it.
        lifted = wake.rules and self._scheduler.set_rules(await self._spool.rules())
        if wake.deliveries:
            self._scheduler.arrived(wake.deliveries, self._clock.now())
        if lifted:
            await self._sum_up()
        if wake.reread:
            self._scheduler.reread()
            await self._sum_up()
        self._ring()

    async def renew(self) -> None:
        """Keep the shards, for ever."""
        while True:
            await asyncio.sleep(RENEW_EVERY)
            await tried(self._look_for_more)

    async def _look_for_more(self) -> None:
        """Keep the shards, and take free ones of this courier's share: another may have held them at its start."""
        before = set(self.epochs)
        self._own(await self._spool.lease(self._worker, self._want))
        if self.epochs.keys() - before:
            await self._sum_up()

    async def reconcile(self) -> None:
        """Compare with what the spool holds, its rules among it, for ever: a hint is nothing to rely on."""
        while True:
            await asyncio.sleep(RECONCILE_EVERY)
            await tried(self._read_anew)

    async def release(self) -> None:
        """Give the shards back."""
        await tried(self._spool.release, self._worker)
