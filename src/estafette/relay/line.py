"""The line: joins the stages after the spool, with its shards, bell, flights and settler.

arrivals and reads -> scheduling -> preparation -> delivery -> settle. Nothing is written before an attempt. It runs in
turns: whatever happens rings, and one turn of the loop later everything that may go is started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.crew import Crew
from estafette.base.errors import StoreFault
from estafette.base.ids import Mint
from estafette.model.message import Content, Delivery
from estafette.relay import ending
from estafette.relay.bell import Bell
from estafette.relay.delivery.carrier import Carrier
from estafette.relay.errands import Errands
from estafette.relay.flights import Flights
from estafette.relay.journal import Journal
from estafette.relay.preparation.context import PreparationContext
from estafette.relay.scheduling.feed import FeedRequest
from estafette.relay.scheduling.job import Job
from estafette.relay.scheduling.scheduler import Scheduler
from estafette.relay.settler import Settler
from estafette.relay.shards import Shards
from estafette.relay.store_call import AGAIN_AFTER, tried, unreachable
from estafette.relay.withdrawal import Withdrawal
from estafette.store.interface.spool import Spool

PLACING_AT_ONCE = 64
PLACE_AGAIN = 300.0

_log = log.get("relay.line")


class Line:
    """One courier: owns shards, attempts their deliveries, settles the outcomes.

    context: gives the preparation context (keys, MAC, now) of a content. worker: this courier's name at the spool.
    opens: when mail of a delivery's stream may leave next, unix seconds; at or before the given time = now.
    halts: why a delivery's recipient gets no mail any more, "" when it may.
    """

    def __init__(
        self, *, worker: str, spool: Spool, scheduler: Scheduler, carrier: Carrier, clock: Clock, mint: Mint,
        context: Callable[[Content], PreparationContext], crew: Crew, shards: int, journal: Journal,
        opens: Callable[[Delivery, float], float], halts: Callable[[Delivery, Content], str] = lambda *_: "",
    ) -> None:  # fmt: skip
        self._spool = spool
        self._scheduler = scheduler
        self._carrier = carrier
        self._clock = clock
        self._opens = opens
        self._bell = Bell(clock, self._turn)
        self._errands = Errands()
        self._shards = Shards(worker, shards, spool=spool, scheduler=scheduler, clock=clock, ring=self._bell.ring)
        self._settler = Settler(
            worker, self._shards.epochs, spool=spool, journal=journal, scheduler=scheduler, clock=clock, mint=mint,
            room=self._bell.ring,
        )  # fmt: skip
        self._flights = Flights(
            spool=spool, scheduler=scheduler, carrier=carrier, settler=self._settler, clock=clock, crew=crew,
            context=context, errands=self._errands, ring=self._bell.ring, halts=halts,
        )  # fmt: skip
        self._withdrawal = Withdrawal(spool, scheduler, clock, mint, worker, self._shards.epochs)
        self._stopped = asyncio.Event()
        self._placing = 0

    async def run(self) -> None:
        """Work until ``stop``; returns when everything answered is settled and the shards are given back."""
        shards = self._shards
        await shards.take_over()
        works = (shards.listen, shards.renew, shards.reconcile, self._withdrawal.run)
        helpers = [asyncio.create_task(work()) for work in works]
        self._bell.ring()
        try:
            await self._stopped.wait()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self._drain()

    def stop(self) -> None:
        """Start no further attempt."""
        self._bell.silence()
        self._stopped.set()

    # One turn: read, place, attempt.

    def _turn(self) -> None:
        now = self._clock.now()
        try:
            self._read_and_place(now)
            self._launch(now)
            wake_at = self._scheduler.wake_at(now, self._clock.monotonic())
        except Exception as error:
            _log.error("line_turn_failed", exc_info=error)
            wake_at = self._clock.monotonic() + 1.0
        self._flights.report()
        self._bell.rest(None if self._busy() else wake_at)

    def _busy(self) -> bool:
        return self._settler.full or self._flights.full

    def _read_and_place(self, now: float) -> None:
        for request in self._scheduler.wanted(now):
            self._errands.start(self._read(request))
        self._settler.note(self._scheduler.overdue(now, self._clock.monotonic()), None)
        for domain in self._scheduler.unplaced()[: max(0, PLACING_AT_ONCE - self._placing)]:
            self._placing += 1
            self._errands.start(self._place(domain))

    def _launch(self, now: float) -> None:
        jobs: list[Job] = []
        while not self._busy():
            job = self._scheduler.next(now, self._clock.monotonic())
            if job is None:
                break
            self._flights.board(job)
            opens = self._opens(job.deliveries[0], now)
            if opens > now:
                self._flights.send_back(job, [ending.out_of_hours(each, opens - now) for each in job.deliveries])
            else:
                jobs.append(job)
        if jobs:
            self._errands.start(self._flights.begin(jobs))

    async def _read(self, request: FeedRequest) -> None:
        taken = None
        try:
            taken = await self._spool.take(
                request.feed,
                until=request.until,
                after=request.after,
                limit=request.limit,
                exclude=request.exclude,
            )
        except StoreFault as fault:
            unreachable(fault)
            await asyncio.sleep(AGAIN_AFTER)
        self._scheduler.filled(request.feed, taken, self._clock.now())
        self._bell.ring()

    async def _place(self, domain: str) -> None:
        try:
            placement = await self._carrier.place(domain)
            if placement.outcome_for_all is not None:
                self._scheduler.place_failed(domain, self._clock.now(), placement.retry_after or PLACE_AGAIN)
                return
            if placement.site != domain:
                await tried(self._spool.place, {domain: placement.site})
            self._scheduler.placed(domain, placement.site, self._clock.now())
        except Exception as error:
            _log.error("placing_failed", domain=domain, exc_info=error)
            self._scheduler.place_failed(domain, self._clock.now(), PLACE_AGAIN)
        finally:
            self._placing -= 1
            self._bell.ring()

    async def _drain(self) -> None:
        """Let what is under way end, and settle it."""
        while self._flights.under_way or self._errands:
            await (self._errands.back() if self._errands else asyncio.sleep(0.01))
        self._bell.silence()
        await self._settler.drain()
        await self._carrier.close()
        await self._shards.release()
