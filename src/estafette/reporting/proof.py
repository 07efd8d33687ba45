"""The proof that the counters say what the log says, as far back as the log is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from msgspec.structs import astuple

from estafette.model.event import Event
from estafette.reporting.admission import Admission
from estafette.reporting.counting import count, places
from estafette.reporting.labelling import Labeller
from estafette.store.interface.history import EventFilter, History
from estafette.store.interface.statistics import DAY, JOINT, Cell, Statistics

#: Events of one step, differences that are told one by one.
BATCH = 5_000
_TOLD = 20


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """since: unix seconds of the first day that is compared, 0 = all. position: of the log, up to which is counted.

    differences: one sentence for each, at most twenty. unequal: their number.
    """

    since: int
    position: int
    events: int
    counters: int
    unequal: int
    differences: tuple[str, ...]


async def prove(statistics: Statistics, history: History, before: float) -> Proof:
    """Count the log again and compare. before: events older than this may have been removed.

    Only whole UTC days are compared, since which values have counters of their own is decided day by day.
    """
    since = -(-int(before) // DAY) * DAY if await history.pruned() else 0
    position, left = await statistics.everything(since)
    counters, events = len(left), 0
    admission, labeller = Admission(), Labeller(history)
    cursor = 0
    while cursor < position:
        page = await history.after(cursor, BATCH, EventFilter(since=since))
        counted = [event for place, event in page if place <= position]
        for cell, amount in (await _cells(counted, labeller, admission)).items():
            left[cell] = left.get(cell, 0) - amount
        events += len(counted)
        cursor = page[-1][0] if page else position
    unequal = {cell: amount for cell, amount in left.items() if amount}
    return Proof(
        since=since, position=position, events=events, counters=counters, unequal=len(unequal),
        differences=tuple(_sentences(unequal)),
    )  # fmt: skip


async def _cells(events: list[Event], labeller: Labeller, admission: Admission) -> dict[Cell, int]:
    complete = await labeller.complete(events)
    for where in places(complete):
        if admission.lacks(where):
            admission.open(where, set())
    return await asyncio.to_thread(count, complete, admission)


def _sentences(unequal: dict[Cell, int]) -> Iterator[str]:
    for cell in sorted(unequal, key=astuple)[:_TOLD]:
        at = datetime.fromtimestamp(cell.hour, UTC).isoformat(timespec="hours")
        name = cell.value.replace(JOINT, " + ") or "all"
        yield f"{cell.tenant} {at} {cell.dimension} {name!r} {cell.measure}: {unequal[cell]:+} counted beyond the log"
