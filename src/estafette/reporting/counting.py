"""From events to increments of counters: a function of the log and of nothing else.

Events that say the same of the same are added up before they are spread over the dimensions: of a mailing, thousands
of events come down to a few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from estafette.model.event import Event
from estafette.reporting.admission import LIMITS, Admission, Place, place
from estafette.reporting.measures import additions, version_of
from estafette.store.interface.statistics import HOUR, JOINT, Cell

#: Dimensions whose value is one label of an event.
SINGLE = ("stream", "credential", "campaign", "tag", "template", "domain", "provider", "link", "client")
PAIRS = {"campaign_provider": ("campaign", "provider"), "campaign_link": ("campaign", "link")}
DIMENSIONS = ("all", *SINGLE, *PAIRS)
#: Longest value, in characters; what is longer is counted under its beginning.
LONGEST = 300


class Labels(msgspec.Struct, frozen=True, array_like=True):
    """What an event is counted under. hour: its beginning. method: what classified it, "" for no hit."""

    tenant: str
    hour: int
    stream: str
    credential: str
    campaign: str
    tags: tuple[str, ...]
    template: str
    domain: str
    provider: str
    link: str
    client: str
    method: str


#: What the events of a batch add, by their labels, in the order in which these occurred first.
Gathered = Mapping[Labels, Mapping[str, int]]


def gather(events: Iterable[Event]) -> Gathered:
    """Return what events add, before it is spread over dimensions. Mail of the service itself is not counted."""
    found: dict[Labels, dict[str, int]] = {}
    for event in events:
        if not event.tenant:
            continue
        added = additions(event)
        if added:
            counts = found.setdefault(labels(event), {})
            for measure, amount in added:
                counts[measure] = counts.get(measure, 0) + amount
    return found


def labels(event: Event) -> Labels:
    """Return what an event is counted under."""
    hit = event.hit
    hour = int(event.at) // HOUR * HOUR
    link, client, method = ("", "", "") if hit is None else (hit.url, hit.client, version_of(hit))
    return Labels(
        event.tenant, hour, event.stream, event.credential, event.campaign, event.tags, event.template,
        event.from_domain, event.site, link, client, method,
    )  # fmt: skip


def places(gathered: Gathered) -> set[Place]:
    """Return where values would have to be admitted for these."""
    found = set()
    for each in gathered:
        for dimension, _ in values(each):
            if dimension in LIMITS:
                found.add(place(each.tenant, dimension, each.hour))
        found |= {place(each.tenant, pair, each.hour) for pair, halves in PAIRS.items() if _has(each, halves)}
    return found


def spread(gathered: Gathered, admission: Admission) -> dict[Cell, int]:
    """Return the increments of all counters. Every one of ``places`` must be open."""
    found: dict[Cell, int] = {}
    for each, counts in gathered.items():
        for dimension, value in _named(each, admission):
            for measure, amount in counts.items():
                cell = Cell(each.tenant, each.hour, dimension, value, measure)
                found[cell] = found.get(cell, 0) + amount
        if each.method:
            # How many is no matter: that the counter is there tells since when the method is in use.
            found.setdefault(Cell(each.tenant, each.hour, "method", each.method, "hits"), 0)
    return found


def values(each: Labels) -> Iterator[tuple[str, str]]:
    """Yield (dimension, value) of what labels say, without pairs."""
    for tag in each.tags:
        if tag:
            yield "tag", _text(tag)
    for dimension in SINGLE:
        value = "" if dimension == "tag" else getattr(each, dimension)
        if value:
            yield dimension, _text(value)


def _named(each: Labels, admission: Admission) -> set[tuple[str, str]]:
    """Return (dimension, value) of all counters: each once, however many values go by a common name."""
    found, names = {("all", "")}, dict[str, str]()
    for dimension, value in values(each):
        names[dimension] = admission.name(each.tenant, dimension, each.hour, value)
        found.add((dimension, names[dimension]))
    for pair, (first, second) in PAIRS.items():
        if _has(each, (first, second)):
            joined = names[first] + JOINT + names[second]
            found.add((pair, admission.name(each.tenant, pair, each.hour, joined)))
    return found


def _has(each: Labels, halves: tuple[str, str]) -> bool:
    return all(getattr(each, half) for half in halves)


def _text(value: str) -> str:
    return value[:LONGEST].replace(JOINT, " ")
