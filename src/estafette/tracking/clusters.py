"""Where many different things stand close together in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple


class Mark(NamedTuple):
    """One thing at a moment; ``kind`` of thing counts apart."""

    at: float
    thing: Hashable
    kind: Hashable = None


class Cluster(NamedTuple):
    """Places of the first and last mark, how many different things, and seconds between first and last."""

    first: int
    last: int
    things: int
    seconds: float


def clusters(marks: Sequence[Mark], span: float, things: int, kinds: int = 1) -> Iterator[Cluster]:
    """Yield the stretches of marks (in order of time) that lie in a window with so many different things and kinds.

    Windows of ``span`` seconds that overlap make one stretch. Linear in the marks.
    """
    first = last = -1
    for left, right in _dense(marks, span, things, kinds):
        if left > last >= 0:
            yield _cluster(marks, first, last)
            first = left
        elif first < 0:
            first = left
        last = right
    if last >= 0:
        yield _cluster(marks, first, last)


def _dense(marks: Sequence[Mark], span: float, things: int, kinds: int) -> Iterator[tuple[int, int]]:
    seen_things: Counter[Hashable] = Counter()
    seen_kinds: Counter[Hashable] = Counter()
    left = 0
    for right, mark in enumerate(marks):
        seen_things[mark.thing] += 1
        seen_kinds[mark.kind] += 1
        while mark.at - marks[left].at > span:
            _drop(seen_things, marks[left].thing)
            _drop(seen_kinds, marks[left].kind)
            left += 1
        if len(seen_things) >= things and len(seen_kinds) >= kinds:
            yield left, right


def _drop(counts: Counter[Hashable], key: Hashable) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


def _cluster(marks: Sequence[Mark], first: int, last: int) -> Cluster:
    things = len({mark.thing for mark in marks[first : last + 1]})
    return Cluster(first, last, things, marks[last].at - marks[first].at)
