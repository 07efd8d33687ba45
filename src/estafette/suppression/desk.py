"""The desk that suppresses: reads the log from its own place, and writes entries and the place in one transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from estafette.base.metrics import counter
from estafette.model.event import Event
from estafette.store.interface.stops import Stops
from estafette.suppression.judging import Judgement, cases
from estafette.suppression.policy import Policy, load

_suppressed = counter("suppressions", "Addresses that events of the log suppressed, by reason.", "reason")


class SuppressionDesk:
    """A ``Reader`` of the log. What it has read before, or another has, is passed over."""

    name = "suppression"

    def __init__(self, stops: Stops, policy: Policy | None = None) -> None:
        self._stops = stops
        self._policy = policy or load()

    async def position(self) -> int:
        """Return the position up to which it has read."""
        return await asyncio.to_thread(self._stops.position)

    async def begin(self, reached: int) -> None:
        """Go back when the place lies beyond a log that reaches so far: a restored backup may hold an older one."""
        await asyncio.to_thread(self._begin, reached)

    async def take(self, events: Sequence[tuple[int, Event]], upto: int) -> None:
        """Suppress what a batch says is to be suppressed."""
        reasons = await asyncio.to_thread(self._take, events, upto)
        for reason, number in reasons.items():
            _suppressed.labels(reason).inc(number)

    def _begin(self, reached: int) -> None:
        with self._stops.bench() as bench:
            if bench.position() > reached:
                bench.move(reached)

    def _take(self, events: Sequence[tuple[int, Event]], upto: int) -> Counter[str]:
        with self._stops.bench() as bench:
            position = bench.position()
            if upto <= position:
                return Counter()
            fresh = [event for place, event in events if place > position and event.recipient and event.tenant]
            found = cases(fresh, self._policy, bench.streams({event.tenant for event in fresh}))
            suppressing = {case.key for case in found if case.rule is not None or case.reason or case.back}
            judgement = Judgement(self._policy, bench.known(suppressing), bench.soft({case.key for case in found}))
            for case in found:
                judgement.take(case)
            bench.put(list(judgement.entries.values()))
            bench.remove(judgement.gone)
            bench.put_soft(judgement.counts)
            bench.move(upto)
        return Counter(entry.reason for entry in judgement.entries.values())
