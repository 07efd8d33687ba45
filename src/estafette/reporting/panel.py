"""The panel of a mailing: recipients of whom a reading could be seen, counted by provider from the events of the log.

Whoever is behind a prefetcher is hidden: the machine loads the pixel, read or not, and a later reading leaves no trace
(facts: screens-and-measurement 3.1). Everybody else delivered is the panel, whether or not anything was seen of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from estafette.base import ids
from estafette.model.event import Event
from estafette.model.tracking import Hit

#: Reason of a hit of an image proxy that may have loaded with nobody there: what comes after it is not seen.
SUSPECTED = "prefetch_suspected"
_PERSONAL = frozenset({"human", "image_proxy"})


class Stratum(msgspec.Struct, frozen=True, kw_only=True):
    """Recipients of one provider. hidden: behind a prefetcher. Of the others, the panel: opened, clicked, and both.

    clickers, unsure: of all delivered, those with a human click, and those of whose clicks nobody knows.
    """

    provider: str
    delivered: int
    hidden: int = 0
    opened: int = 0
    clicked: int = 0
    both: int = 0
    clickers: int = 0
    unsure: int = 0

    @property
    def panel(self) -> int:
        """How many a reading could be seen of."""
        return self.delivered - self.hidden


class _Person:
    """One recipient, and the last word on each hit of theirs."""

    __slots__ = ("hits", "provider")

    def __init__(self) -> None:
        self.provider: str | None = None
        self.hits: dict[int, tuple[str, Hit]] = {}

    def any(self, kind: str, *agents: str) -> bool:
        return any(was == kind and hit.agent in agents for was, hit in self.hits.values())

    @property
    def hidden(self) -> bool:
        loads = (hit for kind, hit in self.hits.values() if kind == "opened")
        return any(hit.agent == "proxy_prefetch" or SUSPECTED in hit.reasons for hit in loads)


def strata(events: Iterable[Event]) -> Sequence[Stratum]:
    """Return the strata of one mailing, by provider, from its events in the order of the log."""
    people: defaultdict[tuple[int, int], _Person] = defaultdict(_Person)
    for event in events:
        if event.kind in ("delivered", "sent"):
            people[event.message, event.number].provider = event.site
        elif event.hit is not None and event.hit.mode == "individual":
            # A correction names the event of the hit it corrects.
            hit = ids.read(event.source) if event.hit.was else event.id
            people[event.message, event.number].hits[hit] = (event.kind, event.hit)
    return _counted(people.values())


def _counted(people: Iterable[_Person]) -> Sequence[Stratum]:
    counts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for person in people:
        if person.provider is not None:
            for name in _roles(person):
                counts[person.provider][name] += 1
    return [_stratum(provider, counts[provider]) for provider in sorted(counts)]


def _roles(person: _Person) -> Iterable[str]:
    yield "delivered"
    clicked = person.any("clicked", "human")
    if clicked:
        yield "clickers"
    elif person.any("clicked", "unknown"):
        yield "unsure"
    if person.hidden:
        yield "hidden"
        return
    opened = person.any("opened", *_PERSONAL)
    yield from (name for name, true in (("opened", opened), ("clicked", clicked), ("both", opened and clicked)) if true)


def _stratum(provider: str, counts: Mapping[str, int]) -> Stratum:
    return Stratum(provider=provider, **counts)
