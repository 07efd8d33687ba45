"""What one event adds to which measures. The page docs/reference/statistics.md tells each of them in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from estafette.base import ids
from estafette.model.event import LATE, Event
from estafette.model.tracking import MACHINES
from estafette.reporting.bounces import bounce_class
from estafette.reporting.durations import bucket

#: (measure, how much) of one event.
Additions = tuple[tuple[str, int], ...]
#: Beginning of the measures that hold the histogram of the time from acceptance to 250.
TO_250 = "t250."
#: Classes of hits that stand for a person reading: a first one of these is what uniques count.
_PERSONAL = {"opened": frozenset({"human", "image_proxy"}), "clicked": frozenset({"human"})}


def additions(event: Event) -> Additions:
    """Return what an event adds; nothing for what is not counted."""
    counted = _OF_KIND.get(event.kind)
    return counted(event) if counted is not None else ()


def _once(event: Event) -> Additions:
    return _one(event.kind)


@cache
def _one(measure: str) -> Additions:
    return ((measure, 1),)


def _delivered(event: Event) -> Additions:
    return _delivered_within(bucket(event.at - ids.moment(event.message)))


@cache
def _delivered_within(number: int) -> Additions:
    return (("delivered", 1), (f"{TO_250}{number}", 1))


def _bounced(event: Event) -> Additions:
    refused = _one(f"bounced.{bounce_class(event)}")
    # It was counted as delivered before: what is made of both must take it as one recipient.
    return (*refused, (LATE, 1)) if event.reason == LATE else refused


def _unknown(event: Event) -> Additions:
    """Notices on the way back bear this kind, too, and are of no attempt."""
    return _once(event) if event.attempt else ()


def _hit(event: Event) -> Additions:
    hit = event.hit
    if hit is None:
        return ()
    first = hit.first and hit.mode != "aggregate"
    return _hit_of(event.kind, hit.agent, hit.was, first, hit.mode == "aggregate", event.count)


@lru_cache(maxsize=4_096)
def _hit_of(kind: str, agent: str, was: str, first: bool, aggregate: bool, count: int) -> Additions:
    """A correction moves the hit from one class to another; the raw number has it already."""
    if was:
        found = [(measure, -count) for measure in _classes(kind, was)]
        found += [(measure, count) for measure in _classes(kind, agent)]
    else:
        found = [(f"{kind}.raw", count), *((measure, count) for measure in _classes(kind, agent))]
        if aggregate:
            found.append((f"{kind}.aggregate", count))
    if first:
        personal = _PERSONAL[kind]
        lost = was in personal and agent not in personal
        found.append((f"{kind}.first", -1 if lost else 1))
    return tuple(found)


@cache
def _classes(kind: str, agent: str) -> tuple[str, ...]:
    """Return the measures of a class: machines are counted together, and each kind of them apart."""
    if agent in MACHINES:
        return (f"{kind}.machine", f"{kind}.machine.{agent}")
    return (f"{kind}.{'proxy' if agent == 'image_proxy' else agent}",)


_OF_KIND: Mapping[str, Callable[[Event], Additions]] = {
    **dict.fromkeys(
        ("queued", "sent", "deferred", "failed", "rejected", "complained", "unsubscribed", "subscribed",
         "autoresponded", "replied"),
        _once,
    ),
    "unknown": _unknown,
    "delivered": _delivered,
    "bounced": _bounced,
    "opened": _hit,
    "clicked": _hit,
}  # fmt: skip


def method(version: int) -> str:
    """Return the name of the method by which a hit was classified."""
    return f"classifier {version}"
