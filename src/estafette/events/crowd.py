"""The crowd: hits of aggregate measuring, in memory until they are classified, and then numbers without a person.

A visitor is known for some minutes as a hash, with a salt that no disk has and that changes each day; the address and
the program's name are let go of with the request. What is on disk meanwhile is ``acts.Counted``: which link of which
campaign was hit how often in which minute.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from estafette.base.ids import Mint
from estafette.events.acts import Counted, Fact, Group
from estafette.model.event import Event, pack
from estafette.model.tracking import Hit
from estafette.tracking.classify import VERSION, classify
from estafette.tracking.evidence import Seen, Verdict
from estafette.tracking.reasons import code

#: Hits in memory, and of one visitor; above it they are counted without being classified.
MOST = 300_000
MOST_OF_ONE = 500
MINUTE = 60
#: Hits judged in one go; others are answered between.
_AT_ONCE = 100
_DAY = 86_400


class Visitors:
    """Who stands behind a hit, told apart for a day at most."""

    def __init__(self) -> None:
        self._day = -1
        self._salt = b""

    def of(self, at: float, tenant: str, address: str, agent: str) -> str:
        """Return what stands for an address and program: tomorrow, or for another tenant or process, something else."""
        if (day := int(at) // _DAY) != self._day:
            self._day, self._salt = day, os.urandom(16)
        who = f"{tenant}\0{address}\0{agent}".encode("utf-8", "replace")
        return blake2b(who, digest_size=12, key=self._salt).hexdigest()


class Crowd:
    """One process's. final_after: seconds that a hit waits for others of the same visitor."""

    def __init__(self, mint: Mint, final_after: float, most: int = MOST) -> None:
        self._mint = mint
        self._wait = final_after
        self._most = most
        self._held = 0
        self._visits: dict[str, list[tuple[Seen, Group]]] = {}
        self._minutes: defaultdict[int, set[str]] = defaultdict(set)
        self._beyond: defaultdict[int, Counter[Group]] = defaultdict(Counter)

    def add(self, hit: Seen, group: Group) -> int:
        """Remember a hit whose ``visitor`` is one of ``Visitors``; return its minute (unix seconds / 60)."""
        minute = int(hit.at) // MINUTE
        visits = self._visits.get(hit.visitor)
        if self._held >= self._most or (visits and len(visits) >= MOST_OF_ONE):
            self._beyond[minute][group] += 1
            return minute
        if visits is None:
            visits = self._visits[hit.visitor] = []
        visits.append((hit, group))
        self._minutes[minute].add(hit.visitor)
        self._held += 1
        return minute

    def due(self, now: float) -> list[int]:
        """Return the minutes whose hits have waited long enough, oldest first."""
        last = (now - self._wait) / MINUTE - 1
        return sorted(minute for minute in self._minutes.keys() | self._beyond.keys() if minute <= last)

    async def judged(self, minute: int) -> list[Fact]:
        """Return the events of a minute, each with the number of hits that are alike; earlier minutes come first."""
        found: Counter[tuple[Group, Hit]] = Counter()
        batch: list[tuple[Seen, Group]] = []
        for visitor in self._minutes.pop(minute, ()):
            batch += self._visits.get(visitor, ())
            self._let_go(visitor, minute)
            if len(batch) >= _AT_ONCE:
                _judge(batch, minute, found)
                batch.clear()
                await asyncio.sleep(0)
        _judge(batch, minute, found)
        for group, count in self._beyond.pop(minute, {}).items():
            found[group, _unknown(group, "overload")] += count
        return [_fact(self._mint, minute, group, hit, count) for (group, hit), count in found.items()]

    def _let_go(self, visitor: str, minute: int) -> None:
        """Forget what is judged, but for what may make later hits of the visitor look different."""
        visits = self._visits.pop(visitor, [])
        kept = []
        if visits and int(visits[-1][0].at) // MINUTE > minute:
            kept = [each for each in visits if each[0].at >= (minute + 1) * MINUTE - self._wait]
            self._visits[visitor] = kept
        self._held -= len(visits) - len(kept)


def _judge(batch: Sequence[tuple[Seen, Group]], minute: int, found: Counter[tuple[Group, Hit]]) -> None:
    """Count those of one minute by what they are, beside the others of their visitors."""
    verdicts = classify([hit for hit, _ in batch], {})
    for (hit, group), verdict in zip(batch, verdicts, strict=True):
        if int(hit.at) // MINUTE == minute:
            found[group, _hit(group, verdict, hit.program.family)] += 1


def restarted(mint: Mint, counted: Iterable[Counted]) -> list[Fact]:
    """Return the events of hits whose process ended before they were classified."""
    sums: Counter[tuple[int, Group]] = Counter()
    for each in counted:
        sums[each.minute, each.group] += each.count
    return [_fact(mint, minute, group, _unknown(group, "restart"), count) for (minute, group), count in sums.items()]


def _hit(group: Group, verdict: Verdict, family: str) -> Hit:
    # Figures of a reason would make each hit one of its own.
    reasons = tuple(dict.fromkeys(map(code, verdict.reasons)))
    return Hit(
        verdict.agent, reasons, VERSION, mode="aggregate", link=group.link, url=group.url, client=family
    )  # fmt: skip


def _unknown(group: Group, reason: str) -> Hit:
    return Hit("unknown", (reason,), VERSION, mode="aggregate", link=group.link, url=group.url)


def _fact(mint: Mint, minute: int, group: Group, hit: Hit, count: int) -> Fact:
    event = Event(
        id=mint.next(), at=float(minute * MINUTE), kind=group.kind, tenant=group.tenant, stream=group.stream, message=0,
        campaign=group.campaign, tags=group.tags, template=group.template, hit=hit, count=count,
    )  # fmt: skip
    return Fact(pack(event))
