"""The desk that counts: reads the log from where counting stands, and moves the counters with their place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from estafette.base.metrics import counter
from estafette.model.event import Event
from estafette.reporting.admission import Admission
from estafette.reporting.counting import count, places
from estafette.reporting.labelling import Labeller
from estafette.store.interface.history import History
from estafette.store.interface.statistics import Statistics

#: Places of admission that are remembered: a tenant has nine a day.
REMEMBERED = 10_000

_counted = counter("statistics_events", "Events of the log that the counters of statistics took in.")


class CountingDesk:
    """A ``Reader`` of the log. What was counted before, by itself before a crash or by another, is passed over."""

    name = "statistics"

    def __init__(self, statistics: Statistics, history: History) -> None:
        self._statistics = statistics
        self._labeller = Labeller(history)
        self._admission = Admission()

    async def position(self) -> int:
        """Return the position up to which is counted."""
        return await self._statistics.position()

    async def take(self, events: Sequence[tuple[int, Event]], upto: int) -> None:
        """Count what is new in a batch."""
        position = await self._statistics.position()
        if upto <= position:
            return
        fresh = await self._labeller.complete([event for place, event in events if place > position])
        # What is admitted on the way holds only once it is written.
        admission, self._admission = self._admission, Admission()
        await open_places(admission, fresh, self._statistics)
        cells = await asyncio.to_thread(count, fresh, admission)
        if await self._statistics.add(position, upto, cells):
            _counted.inc(len(fresh))
            admission.forget(REMEMBERED)
            self._admission = admission


async def open_places(admission: Admission, events: Sequence[Event], statistics: Statistics) -> None:
    """Open every place that some events need, with what its counters hold."""
    for where in sorted(places(events)):
        if admission.lacks(where):
            admission.open(where, await statistics.values(*where))
