"""A courier in simulated time: a spool in a dictionary, connections that take their time, a clock by hand."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable

import msgspec
import pytest

from estafette.config.schema import Delivery as DeliverySettings
from estafette.config.schema import Egress
from estafette.model.message import Delivery
from estafette.model.outcome import Outcome
from estafette.model.rule import Filter, Rule
from estafette.relay.scheduling import providers
from estafette.relay.scheduling.job import Job
from estafette.relay.scheduling.retry import Decision
from estafette.relay.scheduling.rules import matches
from estafette.relay.scheduling.scheduler import Scheduler
from estafette.store.interface.spool import Feed, FeedSummary, Taken

PROVIDERS = providers.load()
START = 1_700_000_000.0
Key = tuple[int, int]


def feed_of(row: Delivery) -> Feed:
    return Feed(row.lane, row.egress, row.priority, row.tenant)


def replace(row: Delivery, **change) -> Delivery:
    return msgspec.structs.replace(row, **change)


class Rig:
    """Drives one scheduler as the line does, and checks what must always hold."""

    def __init__(self, *, egress: dict[str, Egress] | None = None, seed: int = 1, **options) -> None:
        self.settings = DeliverySettings(**options.pop("delivery", {}))
        self.scheduler = Scheduler(providers.load(), self.settings, egress or {}, random.Random(seed), **options)
        self.wall = START
        self.mono = 1000.0
        self.spool: dict[Key, Delivery] = {}
        self.rules: list[Rule] = []
        self.flying: dict[Key, Job] = {}
        self.slots: set[tuple[str, str, int]] = set()
        self.uncommitted: list[Decision] = []
        self.ended: list[Decision] = []
        self.attempts: list[tuple[float, Delivery]] = []
        self.decisions: list[Decision] = []
        self.landings: list[tuple[float, int, Job]] = []
        self.started: dict[Key, float] = {}
        self.service: Callable[[Job], float] = lambda _job: 0.1
        self.answer: Callable[[Job, Delivery], dict] = lambda _job, _row: {"verdict": "delivered"}
        self.numbers = 0
        self.serial = 0
        self.reads = 0
        self.stretch = 10_000

    def row(self, **change) -> Delivery:
        self.numbers += 1
        base = {
            "message": 1000 + self.numbers, "number": 1, "tenant": "acme", "stream": "s", "priority": 2,
            "lane": "mx.example", "domain": "example.com", "address": f"u{self.numbers}@example.com",
            "egress": "default", "due": self.wall, "born": self.wall, "expires": self.wall + 432000.0,
            "size": 10240, "from_domain": "acme.example",
        }  # fmt: skip
        return Delivery(**{**base, **change})

    def accept(self, rows: Iterable[Delivery], *, told: bool = True) -> list[Delivery]:
        rows = list(rows)
        for row in rows:
            self.spool[row.key] = row
        if told:
            self.scheduler.arrived(rows, self.wall)
        return rows

    def read(self) -> None:
        for _ in range(50):
            wanted = self.scheduler.wanted(self.wall)
            if not wanted:
                return
            for ask in wanted:
                self.reads += 1
                found = self.take(ask.feed, ask.until, ask.after, ask.limit, ask.exclude)
                self.scheduler.filled(ask.feed, found, self.wall)

    def take(self, feed, until, after, limit, exclude) -> Taken:
        """Look at ``stretch`` rows at most under rules, as a spool does."""
        rows = [
            row for row in self.spool.values()
            if feed_of(row) == feed and row.due <= until
            and (after is None or (row.due, row.message, row.number) > after)
        ]  # fmt: skip
        rows.sort(key=lambda row: (row.due, row.message, row.number))
        looked = rows[: self.stretch] if exclude else rows
        free = [row for row in looked if not any(matches(rule.filter, row) for rule in exclude)]
        found = free[:limit]
        last = found[-1] if len(found) == limit else looked[-1] if len(looked) < len(rows) else None
        return Taken(found, (last.due, last.message, last.number) if last else None)

    def start(self) -> list[Job]:
        jobs = []
        while (job := self.scheduler.next(self.wall, self.mono)) is not None:
            jobs.append(job)
            self._check(job)
            self.serial += 1
            heapq.heappush(self.landings, (self.mono + self.service(job), self.serial, job))
        return jobs

    def _check(self, job: Job) -> None:
        place = (job.site, job.egress, job.slot)
        assert place not in self.slots, "a connection was given out twice"
        self.slots.add(place)
        used = [each for each in self.slots if each[:2] == place[:2]]
        limits = PROVIDERS.limits(job.site)
        assert len(used) <= limits.connections
        if job.priority:
            others = {each.slot for each in self.flying.values() if each.priority and each.site == job.site}
            assert len(others) < max(1, limits.connections - max(1, limits.connections // 10))
        waiting = {each.delivery.key for each in self.uncommitted}
        for row in job.deliveries:
            assert row.key not in self.flying, "a row was handed out twice"
            assert row.key in self.spool, "handed out after its end"
            assert row.attempts == self.spool[row.key].attempts, "handed out as it was before its last attempt"
            assert row.key not in waiting, "handed out before its commit"
            self.flying[row.key] = job
            self.attempts.append((self.mono, row))
            self.started.setdefault(row.key, self.mono)

    def land(self, job: Job) -> list[Decision]:
        outcomes = [Outcome(message=row.message, number=row.number, **self.answer(job, row)) for row in job.deliveries]
        for row in job.deliveries:
            del self.flying[row.key]
        self.slots.discard((job.site, job.egress, job.slot))
        sent = job.deliveries[0].size if any(each.verdict == "delivered" for each in outcomes) else 0
        found = self.scheduler.finished(job, outcomes, self.wall, self.mono, sent)
        self.decisions.extend(found)
        self.uncommitted.extend(found)
        return found

    def commit(self) -> None:
        for each in self.uncommitted:
            row = each.delivery
            if each.action == "done":
                del self.spool[row.key]
                self.ended.append(each)
            else:
                notified = 1 if each.delay_warning_due else row.notified
                self.spool[row.key] = replace(
                    self.spool[row.key], due=each.due, attempts=row.attempts + each.spent, notified=notified
                )
        keys = [each.delivery.key for each in self.uncommitted]
        self.uncommitted.clear()
        self.scheduler.committed(keys)

    def summaries(self) -> None:
        feeds: dict[Feed, list[float]] = {}
        for row in self.spool.values():
            feeds.setdefault(feed_of(row), []).append(row.due)
        self.scheduler.summaries([FeedSummary(f, len(d), min(d)) for f, d in feeds.items()], self.wall)

    def hold(self, number: int, **fields) -> None:
        self.rules.append(Rule(id=number, kind="hold", filter=Filter(**fields)))
        self.scheduler.set_rules(self.rules)

    def lift(self) -> None:
        self.rules = []
        if self.scheduler.set_rules(()):
            self.summaries()

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds

    def overdue(self) -> list[Decision]:
        found = self.scheduler.overdue(self.wall, self.mono)
        self.decisions.extend(found)
        self.uncommitted.extend(found)
        return found

    def step(self) -> None:
        while self.landings and self.landings[0][0] <= self.mono:
            self.land(heapq.heappop(self.landings)[2])
        self.overdue()
        self.commit()
        self.read()
        self.start()

    def run(self, seconds: float) -> None:
        """Pass simulated time, waking at landings and when the scheduler asks."""
        end = self.mono + seconds
        self.step()
        while self.mono < end:
            wake = self.scheduler.wake_at(self.wall, self.mono)
            times = [end, self.mono + 60]
            if self.landings:
                times.append(self.landings[0][0])
            if wake is not None:
                times.append(max(wake, self.mono + 0.0005))
            before = self.mono
            self.mono = min(times)
            self.wall += self.mono - before
            self.step()


@pytest.fixture
def rig() -> Callable[..., Rig]:
    return Rig
