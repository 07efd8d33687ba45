"""A question at the statistics: which mail, over which time, told apart by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from estafette.base.errors import Fault
from estafette.reporting.counting import PAIRS, SINGLE
from estafette.reporting.periods import By, Span

#: What rates may be taken of.
Per = Literal["", "delivered", "queued", "attempted", "opened"]
#: Most dimensions of ``group``, and most values of one filter.
MOST_GROUPS = 2
MOST_VALUES = 100
#: Dimensions in which only opens and clicks are counted, so that nothing can be divided by deliveries.
OF_HITS = frozenset({"link", "client"})


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. group: dimensions told apart. filters: dimension -> values of which one must be there.

    measures: beginnings of the names of those that are shown, () = all. per: what rates are taken of, "" = as usual.
    limit, skip: most items, and how many of them were shown before.
    """

    tenant: str
    span: Span
    by: By = ""
    group: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = {}
    measures: tuple[str, ...] = ()
    per: Per = ""
    compare: bool = False
    limit: int = 100
    skip: int = 0

    @property
    def dimensions(self) -> frozenset[str]:
        """Every dimension that it names."""
        return frozenset(self.group) | self.filters.keys()

    @property
    def has_rates(self) -> bool:
        """Whether what is asked for counts deliveries too."""
        return not self.dimensions & OF_HITS


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Which counters answer. halves: the dimensions of a value, in their order. first: of pairs, the one first half."""

    dimension: str
    halves: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    first: str = ""


def check(question: Question) -> Question:
    """Return a question that has an answer; Fault says in words why another has none."""
    for name in question.dimensions:
        if name not in SINGLE:
            known = ", ".join((*SINGLE, *PAIRS))
            raise Fault(f"there is no dimension {name[:100]!r}", place="group", fix=f"known are {known}")
    if len(question.group) > MOST_GROUPS or len(set(question.group)) < len(question.group):
        raise Fault("too many dimensions", place="group", fix="name one, or two different ones joined by a comma")
    for name, values in question.filters.items():
        if len(values) > MOST_VALUES:
            raise Fault(f"more than {MOST_VALUES} values", place=name, fix="ask for fewer at once")
    if question.per and not question.has_rates:
        raise Fault(
            "links and programs have no deliveries of their own", place="per", fix="leave it out: counts are shown"
        )
    if question.per == "queued" and "provider" in question.dimensions:
        raise Fault(
            "accepted mail has no provider before it is tried", place="per", fix="use per=attempted or per=delivered"
        )
    return question


def grouped(names: Sequence[str]) -> tuple[str, ...]:
    """Return dimensions as they are written in ``group``: one, two, or the name of a pair."""
    return tuple(half for name in names if name for half in PAIRS.get(name, (name,)))


def plan(question: Question) -> Plan | None:
    """Return the counters that answer a question, None when only events can."""
    named = question.dimensions
    if not named:
        return Plan(dimension="all")
    if len(named) == 1:
        (only,) = named
        return Plan(dimension=only, halves=(only,), values=question.filters.get(only, ()))
    for pair, halves in PAIRS.items():
        if named == set(halves):
            firsts, seconds = (question.filters.get(half, ()) for half in halves)
            both = tuple(f"{first}\x1f{second}" for first in firsts for second in seconds)
            one = firsts[0] if len(firsts) == 1 and not seconds else ""
            return Plan(dimension=pair, halves=halves, values=both, first=one)
    return None
