"""The answer to a question at the statistics, as a resource: counts, rates with their formulas, and what to know."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from estafette.reporting import rates
from estafette.reporting.durations import quantile
from estafette.reporting.intervals import CONFIDENCE
from estafette.reporting.measures import TO_250
from estafette.reporting.periods import Span, local, previous
from estafette.reporting.question import Question, plan
from estafette.reporting.tally import Tally, tally
from estafette.store.interface.history import History
from estafette.store.interface.statistics import Statistics
from estafette.tenancy.office import moment

Resource = dict[str, Any]
#: Said of every answer, and of those that need it.
NOTES = {
    "delivered": "delivered = accepted by the receiving server (its 250); whether it is in the inbox nobody knows",
    "aggregate": "aggregate measuring counts no recipients: its opens and clicks are in no unique number",
    "hits_only": "links and programs have counts of opens and clicks only, no rates",
    "provider": "mail has no provider before it is tried: accepted recipients are not counted by provider",
    "shifted": "midnight of this zone is no full UTC hour: days begin with the hour that holds it",
    "tags": "an event with several tags is counted under each of them: sums over tags exceed the totals",
}


async def answer(question: Question, statistics: Statistics, history: History, kept: float) -> Resource:
    """Return the whole answer; Fault as ``tally``. kept: events before this moment may have been removed."""

    async def sums(of: Question, span: Span) -> Tally:
        return await tally(of, span, statistics, history, kept)

    # What has no value to be told apart by is in the totals all the same.
    whole = msgspec.structs.replace(question, group=(), by="")
    now, total = await sums(question, question.span), await sums(whole, question.span)
    before, earlier, old = None, Tally(), None
    if question.compare:
        before = previous(question.span)
        earlier, old = await sums(question, before), _only(await sums(whole, before))
    behind = await history.position() - await statistics.position()
    items, following = await asyncio.to_thread(_items, question, now, earlier)
    return {
        "tenant": question.tenant, **_span(question.span), "timezone": question.span.zone, "by": question.by or None,
        "group": list(question.group), "filters": {name: list(each) for name, each in question.filters.items()},
        "per": question.per or None, "source": "events" if plan(question) is None else "counters",
        "events_behind": max(0, behind), "items": items, "next": following,
        "totals": _compared(whole, _only(total), old), "previous": _span(before) if before else None,
        "formulas": _formulas(whole), "confidence": CONFIDENCE, "methods": await _methods(question, statistics),
        "notes": _notes(question, _only(total)),
    }  # fmt: skip


def _span(span: Span) -> Resource:
    return {"since": moment(span.since), "until": moment(span.until)}


def _items(question: Question, now: Tally, earlier: Tally) -> tuple[list[Resource], str | None]:
    """Return an item for each period and value, periods in order and in each the largest first; and where to go on."""
    if not question.group and not question.by:
        return [], None
    found = []
    end = question.skip + question.limit
    values_before = {values: counts for (_, values), counts in earlier.items()}
    for (start, values), counts in sorted(now.items(), key=_order)[question.skip : end]:
        item: Resource = {"start": moment(start), "local": local(start, question.span.zone)} if question.by else {}
        item |= dict(zip(question.group, values, strict=True))
        # What came before is told of values; periods have no counterpart where months differ.
        old = values_before.get(values, {}) if question.compare and not question.by else None
        found.append(item | _compared(question, counts, old))
    return found, str(end) if len(now) > end else None


def _order(item: tuple[tuple[int, tuple[str, ...]], Mapping[str, int]]) -> tuple[int, int, tuple[str, ...]]:
    (start, values), counts = item
    size = sum(amount for measure, amount in counts.items() if measure in _SIZE)
    return start, -size, values


#: What makes a value large: its mail, else its hits.
_SIZE = frozenset({"queued", "delivered", "sent", "opened.raw", "clicked.raw"})


def _only(found: Tally) -> Mapping[str, int]:
    """Return the counts of a tally that tells nothing apart."""
    return next(iter(found.values()), {})


def _compared(question: Question, counts: Mapping[str, int], old: Mapping[str, int] | None) -> Resource:
    found = _numbers(question, counts)
    if old is not None:
        found["previous"] = _numbers(question, old)
    return found


def _numbers(question: Question, counts: Mapping[str, int]) -> Resource:
    """Return counts, the time to 250 in seconds, and rates."""
    times = {int(name[len(TO_250) :]): amount for name, amount in counts.items() if name.startswith(TO_250)}
    plain = {name: amount for name, amount in sorted(counts.items()) if not name.startswith(TO_250)}
    return {
        "counts": {name: amount for name, amount in plain.items() if _wanted(question, name)},
        "time_to_250": {"p50": _seconds(times, 0.5), "p95": _seconds(times, 0.95)} if times else None,
        "rates": [_rate(each) for each in rates.every(plain, _bases(question))] if question.has_rates else [],
    }


def _wanted(question: Question, measure: str) -> bool:
    return not question.measures or any(f"{measure}.".startswith(f"{each}.") for each in question.measures)


def _bases(question: Question) -> Sequence[str]:
    return (question.per,) if question.per else ()


def _seconds(times: Mapping[int, int], share: float) -> float | None:
    found = quantile(times, share)
    return None if found is None else float(f"{found:.2g}")


def _rate(found: rates.Rate) -> Resource:
    """Return a rate without what is the same in every item."""
    form = rates.shown(found)
    return {name: form[name] for name in form if name not in {"formula", "confidence"}}


def _formulas(question: Question) -> dict[str, str]:
    if not question.has_rates:
        return {}
    return {each.name: rates.formula(each, "en") for each in rates.every({}, _bases(question))}


async def _methods(question: Question, statistics: Statistics) -> list[Resource]:
    """Return what classified hits, each with its first hour: a line on a chart where numbers change their meaning."""
    begun = await statistics.begun(question.tenant, "method")
    return [
        {"method": name, "since": moment(first), "within": question.span.since <= first}
        for name, first in sorted(begun.items(), key=lambda item: item[1])
        if first < question.span.until
    ]


def _notes(question: Question, total: Mapping[str, int]) -> list[str]:
    names = ["delivered"]
    if total.get("opened.aggregate") or total.get("clicked.aggregate"):
        names.append("aggregate")
    if not question.has_rates:
        names.append("hits_only")
    if "provider" in question.dimensions:
        names.append("provider")
    if question.span.shifted and question.by in {"day", "week", "month"}:
        names.append("shifted")
    if "tag" in question.group:
        names.append("tags")
    return [NOTES[name] for name in names]
