"""Reading the log: whoever makes something of events reads on from its place, batch by batch, and skips none.

The place is the position of commit order, so that an event with an old id that was committed late lies before no place
that was reached already. The reader keeps it itself, in the transaction of what it made of the events: a batch that is
handed over again after a crash carries positions that it has passed, and is counted once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from estafette.base import log
from estafette.base.errors import StoreFault
from estafette.base.metrics import counter
from estafette.model.event import Event
from estafette.store.interface.history import History

#: Events of one batch.
BATCH = 5_000
#: Seconds between two looks when there was nothing new.
EVERY = 1.0
#: Seconds for which retention waits for a reader that has fallen behind; then it goes on without it.
PATIENCE = 7 * 86_400.0

_gaps = counter("log_gaps", "Times a reader found that retention had removed events it had not read.")
_log = log.get("events.reader")


class Place(Protocol):
    """Where a reader stands. name: for the log of the service."""

    @property
    def name(self) -> str:
        """Who reads."""
        ...

    async def position(self) -> int:
        """Return the position up to which it has read; 0 = it begins with the oldest event that is kept."""
        ...


class Reader(Place, Protocol):
    """Who makes something of events: counters, calls, suppressions."""

    async def take(self, events: Sequence[tuple[int, Event]], upto: int) -> None:
        """Make something of a batch, (position, event) in log order, and move the place to ``upto``, together.

        What stands at or before the place is passed over: the batch may have been handed over before.
        """
        ...


async def read_on(history: History, reader: Reader, limit: int = BATCH) -> int:
    """Hand over the next batch; return how many events it had. Fewer than ``limit``: the end was reached."""
    position = await reader.position()
    events = await history.after(position, limit)
    removed = await history.pruned()
    if 0 < position < removed:
        _gaps.inc()
        _log.error("reader_missed_events", reader=reader.name, after=position, upto=removed)
    if events:
        await reader.take(events, events[-1][0])
    return len(events)


async def follow(history: History, reader: Reader, *, every: float = EVERY, limit: int = BATCH) -> None:
    """Read on for as long as the task lives; a store that does not answer is waited for."""
    while True:
        try:
            count = await read_on(history, reader, limit)
        except StoreFault as fault:
            _log.warning("reader_waits", reader=reader.name, cause=fault.cause)
            count = 0
        if count < limit:
            await asyncio.sleep(every)


async def prune(history: History, places: Iterable[Place], before: float) -> int:
    """Forget events older than a moment that every reader has read, and unread ones past all patience; return how many.

    Whose events were removed unread learns it from ``read_on``.
    """
    reached = [await place.position() for place in places]
    removed = await history.prune(before, min(reached, default=None))
    return removed + await history.prune(before - PATIENCE)
