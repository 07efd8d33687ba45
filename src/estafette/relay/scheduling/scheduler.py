"""The scheduler of a courier: which delivery goes next, on which lane, and what follows from its outcome."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence

from estafette.config.schema import Delivery as DeliverySettings
from estafette.config.schema import Egress
from estafette.model.message import Delivery
from estafette.model.outcome import Outcome
from estafette.model.rule import Filter, Rule
from estafette.model.stream import Priority
from estafette.relay.scheduling.alarms import Alarms
from estafette.relay.scheduling.bandwidth import Shaper
from estafette.relay.scheduling.clockwork import Clockwork
from estafette.relay.scheduling.feed import FeedRequest
from estafette.relay.scheduling.job import SHARED_MOST, Job, personal
from estafette.relay.scheduling.lane import Lane
from estafette.relay.scheduling.lanes import PLACED_SECONDS, Lanes
from estafette.relay.scheduling.overdue import SWEEP, overdue
from estafette.relay.scheduling.priority import charge, first
from estafette.relay.scheduling.providers import Providers
from estafette.relay.scheduling.retry import Decision, Retry
from estafette.relay.scheduling.rules import RuleBook, matches
from estafette.relay.scheduling.shelf import Shelf, number_of
from estafette.relay.scheduling.snapshot import LaneState, snapshot
from estafette.relay.scheduling.turns import Turns
from estafette.store.interface.spool import Feed, FeedSummary, Taken

_LANE_HINT_MOST = 3600.0
_UNTRIED_PAUSE = 30.0
#: seconds between looks while memory is full, so that a full courier does not spin
_FULL_WAIT = 1.0


class Scheduler:
    """Pure and in memory: no I/O, no clock of its own. ``now`` is the wall clock, ``mono`` the monotonic one.

    The line tells it what arrived and what reads brought, asks ``next`` until None, and returns each job
    through ``finished`` or ``released``. A row is handed out once until its settlement is ``committed``.

    shares: whether recipients of a row's message may share a transaction. most: jobs in flight, a tenth of
    them kept for people. floor: wall time that an earlier run reached, for a clock that stepped back since.
    couriers: how many share the rate of a slowed stream.
    """

    def __init__(
        self, providers: Providers, delivery: DeliverySettings, egress: Mapping[str, Egress], rng:
        random.Random, *, max_rows: int = 200_000, most: int = 2000, shares: Callable[[Delivery], bool] =
        personal, floor: float = 0.0, couriers: int = 1 ) -> None:  # fmt: skip
        self.lanes = Lanes(providers, delivery, egress)
        self._turns = Turns()
        self._shelf = Shelf(self.lanes, self._turns.add, max_rows)
        self._retry = Retry(delivery.retry, rng.random)
        self._clock = Clockwork(floor)
        self._shapers = {
            name: Shaper(each.bandwidth, each.bulk_share) for name, each in egress.items() if each.bandwidth
        }
        self._shares = shares
        self._couriers = couriers
        self._most = most
        self._kept = max(1, most // 10)
        self._alarms = Alarms()
        self._sweep = 0.0
        self._dead: dict[Lane, None] = {}
        self.in_flight = 0

    def arrived(self, deliveries: Iterable[Delivery], now: float) -> None:
        """Take in new deliveries that the store pushed; any may come twice."""
        self._shelf.arrived(deliveries, self._clock.seen(now))

    def summaries(self, feeds: Iterable[FeedSummary], now: float = 0.0) -> None:
        """Take in what the spool holds, at take-over and every minute.

        Mends whatever a lost wake-up left out.
        """
        self._shelf.summed(feeds, self._clock.seen(now))

    def wanted(self, now: float) -> list[FeedRequest]:
        """Return reads to make now.

        Every one must be answered by ``filled``, also when it failed.
        """
        return self._shelf.wanted(self._clock.seen(now))

    def filled(self, feed: Feed, taken: Taken | None, now: float) -> None:
        """Take in what a read brought, None when it failed."""
        self._shelf.filled(feed, taken, self._clock.seen(now))

    def reread(self) -> None:
        """Read the known feeds again: due times changed."""
        self._shelf.reread()

    def set_rules(self, rules: Iterable[Rule]) -> bool:
        """Put rules in force; True when one was lifted: then call ``summaries`` with fresh ones."""
        return self._shelf.set_rules(RuleBook(rules, self._couriers))

    def unplaced(self) -> list[str]:
        """Return domains whose site is wanted; each once until ``placed`` or ``place_failed``."""
        return self.lanes.unplaced()

    def placed(self, domain: str, site: str, now: float) -> None:
        """Take a domain's site; rows that waited for it may go. It is asked for again after an hour."""
        self._place(domain, self.lanes.answer(domain, site, self._clock.seen(now) + PLACED_SECONDS))

    def place_failed(self, domain: str, now: float, retry_after: float = 300.0) -> None:
        """Let a domain be its own site for a while.

        Its attempts fail by the schedule, are told, and expire.
        """
        self._place(domain, self.lanes.answer(domain, domain, self._clock.seen(now) + retry_after))

    def next(self, now: float, mono: float) -> Job | None:
        """Return the next job, None when nothing may start now (see ``wake_at``)."""
        self._advance(now, mono)
        if self.in_flight >= self._most:
            return None
        rest = self.in_flight < self._most - self._kept
        while (lane := self._turns.next(rest)) is not None:
            job = self._start(lane, mono, rest)
            if job is not None:
                self._turns.add(lane)
                return job
        return None

    def finished(
        self, job: Job, outcomes: Sequence[Outcome], now: float, mono: float, size: int | None = None
    ) -> list[Decision]:
        """Take the outcomes of a job; return what to settle.

        size: octets really sent, None = as expected. A delivery without an outcome is ready again at once, as
        if it had been released.
        """
        self._advance(now, mono)
        lane = self._return(job, size)
        jitter = self._retry.jitter()
        self._feed_back(lane, outcomes, mono, jitter)
        if len(outcomes) == 1 == len(job.deliveries):
            spared = self._clock.jumped_since(job.started)
            time = self._clock.time
            decisions = [self._retry.decide(job.deliveries[0], outcomes[0], now, time, jitter, spared=spared)]
        else:
            decisions = self._decide(job, outcomes, now, jitter)
        for each in decisions:
            self._shelf.decided(each)
        self._turns.add(lane)
        if not lane.busy and not lane.waits:
            self.lanes.rest(lane, mono)
        return decisions

    def released(self, job: Job, now: float = 0.0) -> None:
        """Take back a job that was not attempted; its rows are ready again."""
        lane = self._return(job, 0)
        self._shelf.put_back(job.deliveries, self._clock.seen(now))
        self._turns.add(lane)

    def overdue(self, now: float, mono: float) -> list[Decision]:
        """Return what time does to rows that wait behind a dead site: expiry, delay warnings.

        Looks every 30 s.
        """
        self._advance(now, mono)
        if mono < self._sweep:
            return []
        self._sweep = mono + SWEEP
        self._shelf.recent.age()
        self.lanes.tidy(mono)
        self._dead = {lane: None for lane in self._dead if lane.dead and lane.waits}
        decisions = overdue(self._shelf, now, self._clock.time, mono)
        for each in decisions:
            self._shelf.decided(each)
        return decisions

    def committed(self, keys: Iterable[tuple[int, int]]) -> None:
        """Let go of rows whose settlement, or end by the operator, the store has committed."""
        self._shelf.release(message << 24 | number for message, number in keys)

    def withdraw(self, selection: Filter) -> list[Delivery]:
        """Take ready rows out of memory for the operator.

        Their keys stay held until ``committed`` or ``forget``.
        """
        return self._shelf.drop(lambda row: matches(selection, row), keep_keys=True)

    def forget(self, keys: Iterable[tuple[int, int]]) -> None:
        """Drop rows, ready or withdrawn: they are no longer this courier's.

        Rows in flight must not be named.
        """
        gone = {number_of(*key) for key in keys}
        self._shelf.drop(lambda row: number_of(row.message, row.number) in gone, keep_keys=False)
        self._shelf.release(gone)

    def holds(self, key: tuple[int, int]) -> bool:
        """Return whether a row is ready, in flight, or settled and not yet committed."""
        return number_of(*key) in self._shelf.held

    @property
    def ready(self) -> int:
        """Ready rows in memory."""
        return self._shelf.rows

    def lane_states(self, mono: float) -> list[LaneState]:
        """Return every lane's state, for metrics and explanations."""
        return snapshot(self.lanes, mono)

    def wake_at(self, now: float, mono: float) -> float | None:
        """Return the monotonic time to look again (``next``, ``wanted``, ``overdue``); None: only news can help."""
        self._advance(now, mono)
        if self._shelf.pressing:
            return mono
        times = self._alarms.next()
        tick = self._shelf.next()
        if tick is not None:
            least = 0.0 if self._shelf.roomy else _FULL_WAIT
            times.append(mono + max(tick - self._clock.time, least))
        if self._shelf.rows and self._dead:
            times.append(max(self._sweep, mono))
        return min(times) if times else None

    def _start(self, lane: Lane, mono: float, rest: bool) -> Job | None:
        ready_at = lane.until if lane.until > mono else lane.rate_ready(mono)
        if ready_at > mono:
            self._alarms.set(lane, ready_at)
            return None
        shaper = self._shapers.get(lane.egress) if self._shapers else None
        shaped = shaper is not None and bool(lane.rings[2]) and not shaper.allows(mono)
        priority = lane.choose(not shaped, rest)
        if priority < 0:
            if shaped and shaper is not None:
                lane.shaped = mono
                self._alarms.set(lane, shaper.ready_at(mono))
            return None
        rows = self._pick(lane, priority)
        paces = self._shelf.book.paces
        if paces and paces.concern(rows[0]):
            self._shelf.spend(rows, self._clock.time)
        if shaper is not None:
            shaper.debit(rows[0].size, bulk=priority == Priority.BULK)
        lane.tokens -= 1
        self.in_flight += 1
        slot = lane.take_slot(priority == 0)
        return Job(lane.site, lane.egress, rows, priority, slot, lane.limits.messages, mono)

    def _pick(self, lane: Lane, priority: int) -> tuple[Delivery, ...]:
        window = first(lane.rings[priority])
        row = self._shelf.pop(window)
        charge(window, row.size)
        if not self._shares(row):
            return (row,)
        rows = [row]
        while window.rows and window.rows[0].message == row.message and len(rows) < SHARED_MOST:
            rows.append(self._shelf.pop(window))
        return tuple(rows)

    def _return(self, job: Job, size: int | None) -> Lane:
        lane = self.lanes.get(job.site, job.egress)
        lane.free_slot(job.slot, job.priority == 0)
        self.in_flight -= 1
        if size is not None and job.egress in self._shapers:
            octets = size - job.deliveries[0].size
            self._shapers[job.egress].debit(octets, bulk=job.priority == Priority.BULK)
        return lane

    def _feed_back(self, lane: Lane, outcomes: Sequence[Outcome], mono: float, jitter: float) -> None:
        failed = next((each for each in outcomes if each.site_failure and each.attempted), None)
        if failed is not None:
            lane.failure(self._clock.time, mono, failed.reason, jitter)
            if lane.dead:
                self._dead[lane] = None
            if failed.retry_after is not None:
                lane.until = max(lane.until, mono + min(max(failed.retry_after, 0.0), _LANE_HINT_MOST))
        elif any(each.attempted for each in outcomes):
            lane.succeeded()
            if self._dead:
                self._dead.pop(lane, None)
        elif any(each.site_failure for each in outcomes):
            lane.until = max(lane.until, mono + min(outcomes[0].retry_after or _UNTRIED_PAUSE, _LANE_HINT_MOST))

    def _decide(self, job: Job, outcomes: Sequence[Outcome], now: float, jitter: float) -> list[Decision]:
        found = {(each.message, each.number): each for each in outcomes}
        lost = [row for row in job.deliveries if (row.message, row.number) not in found]
        self._shelf.put_back(lost, self._clock.time)
        spared = self._clock.jumped_since(job.started)
        return [
            self._retry.decide(row, found[row.message, row.number], now, self._clock.time, jitter, spared=spared)
            for row in job.deliveries
            if (row.message, row.number) in found
        ]

    def _place(self, domain: str, pairs: Sequence[tuple[Lane, Lane]]) -> None:
        for old, new in pairs:
            self._shelf.move(old, new)
            self._turns.add(new)
        self._shelf.renamed(domain)

    def _advance(self, now: float, mono: float) -> None:
        if self._clock.advance(now, mono):
            for lane in self.lanes:
                lane.failed = None
        for lane in self._alarms.ring(mono):
            self._turns.add(lane)
