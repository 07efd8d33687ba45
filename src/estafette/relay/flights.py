"""Flights: the attempts under way of one courier, from the read of their contents to what is to be settled.

read -> preparation -> delivery -> settle. Nothing is written before an attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import BinaryIO

from estafette.base import crash, log
from estafette.base.clock import Clock
from estafette.base.crew import Crew
from estafette.base.errors import StoreFault
from estafette.base.metrics import counter, gauge
from estafette.model.message import Content, Delivery
from estafette.model.outcome import Outcome
from estafette.relay import ending
from estafette.relay.delivery.carrier import Carrier
from estafette.relay.delivery.parcel import Parcel
from estafette.relay.errands import Errands
from estafette.relay.loader import Loader
from estafette.relay.preparation.context import PreparationContext
from estafette.relay.preparation.prepare import PIECE, Prepared, PreparedStream, prepare, prepare_streamed
from estafette.relay.scheduling.job import Job
from estafette.relay.scheduling.scheduler import Scheduler
from estafette.relay.settler import Settler
from estafette.relay.store_call import AGAIN_AFTER
from estafette.store.interface.spool import Spool

#: Octets of messages under way, each at most a piece; with their copies about a third of what a process may use.
OCTETS_UNDER_WAY = 32 * 1024 * 1024
KEEP_IDLE = 30.0

_log = log.get("relay.line")
_refusals = counter(
    "refusals", "Attempts that ended otherwise than taken, by what the reply means.", "category", "scope"
)
_flying = gauge("attempts_in_flight", "Recipients whose attempt is under way")


class Flights:
    """context: gives the preparation context (keys, MAC, now) of a content. ring: called whenever a job has landed.

    halts: why a delivery's recipient gets no mail now, "" when it may; asked last of all before an attempt.
    """

    def __init__(
        self, *, spool: Spool, scheduler: Scheduler, carrier: Carrier, settler: Settler, clock: Clock, crew: Crew,
        context: Callable[[Content], PreparationContext], errands: Errands, ring: Callable[[], None],
        halts: Callable[[Delivery, Content], str],
    ) -> None:  # fmt: skip
        self._spool = spool
        self._scheduler = scheduler
        self._carrier = carrier
        self._settler = settler
        self._clock = clock
        self._crew = crew
        self._context = context
        self._errands = errands
        self._ring = ring
        self._halts = halts
        self._loader = Loader(spool)
        self._told = 0
        self._octets = 0
        self.under_way = 0

    @property
    def full(self) -> bool:
        """Whether memory has no room for another message."""
        return self._octets >= OCTETS_UNDER_WAY

    def report(self) -> None:
        """Say to the metrics how many recipients are under way."""
        if self.under_way != self._told:
            self._told = self.under_way
            _flying.set(self.under_way)

    def board(self, job: Job) -> None:
        """Count a job as under way; it must be begun or sent back."""
        self.under_way += len(job.deliveries)
        self._octets += _weight(job)

    def send_back(self, job: Job, outcomes: Sequence[Outcome]) -> None:
        """End a job that is not attempted now."""
        self._finish(job, None, outcomes)

    async def begin(self, jobs: Sequence[Job]) -> None:
        """Read what the jobs of one turn need and have it prepared."""
        try:
            contents = await self._loader.load(jobs)
        except Exception as error:
            _log.warning("contents_unreadable", cause=str(error), jobs=len(jobs))
            await asyncio.sleep(AGAIN_AFTER)
            for job in jobs:
                self._give_back(job)
            return
        for job in jobs:
            content = contents.get(job.deliveries[0].message)
            if content is not None:
                self._prepare(job, content)
            else:
                # Damaged or gone: what is left of it in the spool is read again when feeds are summed up.
                self._give_back(job)
                self._scheduler.forget([delivery.key for delivery in job.deliveries])

    def _prepare(self, job: Job, content: Content) -> None:
        try:
            halted = [ending.suppressed(row, why) for row in job.deliveries if (why := self._halts(row, content))]
        except StoreFault as fault:
            _log.warning("suppressions_unreadable", cause=fault.cause)
            self._finish(job, content, [ending.our_fault(row, fault) for row in job.deliveries])
            return
        if halted:
            # Whoever else shares the transaction is ready again at once.
            self._finish(job, content, halted)
            return
        if content.file:
            self._errands.start(self._attempt_large(job, content))
            return
        try:
            context = self._context(content)
        except Exception as error:
            self._fail(job, content, error)
        else:
            self._crew.start(partial(self._prepared, job, content), prepare, content, job.deliveries, context)

    def _prepared(self, job: Job, content: Content, prepared: Prepared | None, error: BaseException | None) -> None:
        if prepared is None:
            self._fail(job, content, error)
        else:
            parcel = _parcel(job, content, prepared.sender, len(prepared.body), prepared.body)
            self._errands.start(self._attempt(job, content, parcel))

    async def _attempt_large(self, job: Job, content: Content) -> None:
        try:
            with await self._spool.open_body(content) as body:
                outcomes = await self._carrier.attempt(await self._large_parcel(job, content, body))
                crash.point("attempt.after_reply")
        except Exception as error:
            self._fail(job, content, error)
        else:
            self._finish(job, content, outcomes)

    async def _large_parcel(self, job: Job, content: Content, body: BinaryIO) -> Parcel:
        context = self._context(content)
        prepared: PreparedStream = await self._crew.submit(prepare_streamed, content, job.deliveries, context, body)
        return _parcel(job, content, prepared.sender, prepared.size, None, prepared.pieces)

    async def _attempt(self, job: Job, content: Content, parcel: Parcel) -> None:
        """Carry a parcel; the carrier turns whatever happens into outcomes."""
        outcomes = await self._carrier.attempt(parcel)
        crash.point("attempt.after_reply")
        self._finish(job, content, outcomes)

    def _fail(self, job: Job, content: Content, error: BaseException | None) -> None:
        _log.error("attempt_failed", message=content.id, exc_info=error)
        self._finish(job, content, [ending.our_fault(delivery, error) for delivery in job.deliveries])

    def _finish(self, job: Job, content: Content | None, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.category:
                _refusals.labels(outcome.category, outcome.scope).inc()
        try:
            decisions = self._scheduler.finished(job, outcomes, self._clock.now(), self._clock.monotonic())
            self._settler.note(decisions, content)
        finally:
            self._landed(job)

    def _give_back(self, job: Job) -> None:
        self._scheduler.released(job, self._clock.now())
        self._landed(job)

    def _landed(self, job: Job) -> None:
        self.under_way -= len(job.deliveries)
        self._octets -= _weight(job)
        self._ring()


def _weight(job: Job) -> int:
    """Return the octets of memory that a job may take."""
    return min(job.deliveries[0].size, PIECE)


def _parcel(
    job: Job, content: Content, sender: str, size: int, body: bytes | None,
    pieces: Callable[[], Iterator[bytes]] | None = None,
) -> Parcel:  # fmt: skip
    return Parcel(
        deliveries=list(job.deliveries),
        site=job.site,
        egress=job.egress,
        sender=sender,
        size=size,
        body=body,
        pieces=pieces,
        body_type=content.body_type,
        smtputf8=content.smtputf8,
        eight_bit=content.eight_bit,
        ret=content.ret,
        envid=content.envid,
        messages_per_connection=job.messages_per_connection,
        keep_idle=KEEP_IDLE,
    )
