"""Sums that answer a question: from counters where there are such, else from the events that are still kept."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from estafette.base.errors import Fault
from estafette.model.event import Event
from estafette.reporting.counting import labels_of
from estafette.reporting.labelling import Labeller
from estafette.reporting.measures import additions
from estafette.reporting.periods import Span, local, periods
from estafette.reporting.question import Plan, Question, plan
from estafette.store.interface.history import History
from estafette.store.interface.statistics import JOINT, Row, Statistics

#: Events that one question may read.
MOST_EVENTS = 200_000

#: (start of the period, values of the dimensions that are told apart) -> measure -> amount.
Tally = dict[tuple[int, tuple[str, ...]], dict[str, int]]


async def tally(question: Question, span: Span, statistics: Statistics, history: History, kept: float) -> Tally:
    """Return the sums of a span. kept: events before it may have been removed; Fault when they would be needed."""
    chosen = plan(question)
    if chosen is None:
        return await _of_events(question, span, statistics, history, kept)
    return await _of_counters(question, chosen, span, statistics)


async def _of_counters(question: Question, chosen: Plan, span: Span, statistics: Statistics) -> Tally:
    found: Tally = {}
    parts = periods(span, question.by)
    for start, end in [(span.since, span.until)] if question.by == "hour" else parts:
        rows = await statistics.read(
            question.tenant, chosen.dimension, since=start, until=end, values=chosen.values, first=chosen.first,
            by_hour=question.by == "hour", by_value=bool(chosen.halves),
        )  # fmt: skip
        await asyncio.to_thread(_take, found, question, chosen, start, rows)
    return found


def _take(found: Tally, question: Question, chosen: Plan, start: int, rows: Sequence[Row]) -> None:
    told: dict[str, tuple[str, ...] | None] = {}
    for row in rows:
        if row.value not in told:
            told[row.value] = _told(question, chosen, row.value)
        values = told[row.value]
        if values is not None:
            counts = found.setdefault((row.hour or start, values), {})
            counts[row.measure] = counts.get(row.measure, 0) + row.amount


def _told(question: Question, chosen: Plan, value: str) -> tuple[str, ...] | None:
    """Return what a counter's value is told as, None when a filter leaves it out: a pair has two that may."""
    halves = dict(zip(chosen.halves, value.split(JOINT), strict=False))
    if len(halves) > 1 and any(halves[name] not in wanted for name, wanted in question.filters.items()):
        return None
    return tuple(halves[name] for name in question.group)


async def _of_events(
    question: Question, span: Span, statistics: Statistics, history: History, kept: float
) -> Tally:  # fmt: skip
    if span.since < kept and await history.pruned():
        raise Fault(
            "no counter has this combination, and events are not kept that long", place="since",
            fix=f"ask from {local(kept, span.zone)} on, or for one dimension, or a pair that is counted",
        )  # fmt: skip
    events = await statistics.events(question.tenant, span.since, span.until, MOST_EVENTS)
    if events is None:
        raise Fault(
            f"no counter has this combination, and the span has more than {MOST_EVENTS} events", place="since",
            fix="ask for a shorter span, or for one dimension, or a pair that is counted",
        )  # fmt: skip
    complete = await Labeller(history).complete(events)
    starts = [start for start, _ in periods(span, question.by)]
    return await asyncio.to_thread(_add_up, question, complete, starts)


def _add_up(question: Question, events: Iterable[Event], starts: Sequence[int]) -> Tally:
    found: Tally = {}
    for event in events:
        added = additions(event)
        if added:
            start = starts[bisect_right(starts, event.at) - 1]
            for values in _values(question, event):
                counts = found.setdefault((start, values), {})
                for measure, amount in added:
                    counts[measure] = counts.get(measure, 0) + amount
    return found


def _values(question: Question, event: Event) -> Iterator[tuple[str, ...]]:
    """Yield the values under which an event is told; with several tags it is told under each."""
    said: Mapping[str, Sequence[str]] = {name: labels_of(event, name) for name in question.dimensions}
    if all(set(said[name]) & set(wanted) for name, wanted in question.filters.items()):
        wanted = [
            [value for value in dict.fromkeys(said[name]) if value in question.filters.get(name, (value,))]
            for name in question.group
        ]
        yield from product(*wanted)
