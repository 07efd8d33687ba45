"""What hits say of each other: bursts on one message, and one address on the links of many people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from estafette.tracking.clusters import Cluster, Mark, clusters
from estafette.tracking.evidence import UNKNOWN_COPY, Knowledge, Seen

#: Rule 8: so many different links of one message within so many seconds (of two links, both).
BURST_LINKS = 3
BURST_SECONDS = 2.0
#: How long before and after a burst the same address and program on the same message are the scanner's too.
SAME_SECONDS = 600.0
#: Rule 11: one address on links of so many recipients, of so many domains, within so many seconds.
SHARED_PEOPLE = 5
SHARED_DOMAINS = 2
SHARED_SECONDS = 600.0


class Company:
    """For each place of ``hits``, in any order: what the hits around it say of it, as reasons."""

    def __init__(self, hits: Sequence[Seen], known: Knowledge) -> None:
        self._hits = hits
        self._known = known
        self.bursts: dict[int, str] = {}
        self.same: set[int] = set()
        self.scanned: set[int] = set()
        self.shared: dict[int, str] = {}
        order = sorted(range(len(hits)), key=lambda place: moment(hits[place]))
        for places in _apart(order, lambda place: _mail(hits[place])):
            self._look_for_burst(places)
        for places in _apart(order, lambda place: hits[place].visitor):
            self._look_for_many(places)

    def _look_for_burst(self, places: list[int]) -> None:
        # A reader's own browser may fetch several links ahead; that is no scanner, and says so.
        clicks = [place for place in places if self._hits[place].link and not ahead(self._hits[place])]
        marks = [Mark(self._hits[place].at, self._hits[place].link) for place in clicks]
        copy = self._known.get(self._hits[places[0]].letter or (0, 0), UNKNOWN_COPY)
        needed = 2 if copy.links == 2 else BURST_LINKS
        for found in clusters(marks, BURST_SECONDS, needed):
            inside = clicks[found.first : found.last + 1]
            self.bursts |= dict.fromkeys(inside, f"burst:{found.things} links in {found.seconds:.1f} s")
            self._look_around(places, inside)

    def _look_around(self, places: list[int], inside: list[int]) -> None:
        sources = {(self._hits[place].visitor, self._hits[place].agent) for place in inside}
        start = self._hits[inside[0]].at - SAME_SECONDS
        end = self._hits[inside[-1]].at + SAME_SECONDS
        for place in places:
            hit = self._hits[place]
            if start <= hit.at <= end:
                self.scanned.add(place)
                if (hit.visitor, hit.agent) in sources:
                    self.same.add(place)

    def _look_for_many(self, places: list[int]) -> None:
        """Rule 11 looks at links; an open within the same minutes from the same address only remembers it as a sign."""
        clicks = [place for place in places if self._hits[place].link and self._hits[place].letter is not None]
        marks = [self._mark(place) for place in clicks]
        for found in clusters(marks, SHARED_SECONDS, SHARED_PEOPLE, SHARED_DOMAINS):
            start, end = marks[found.first].at - SHARED_SECONDS, marks[found.last].at + SHARED_SECONDS
            opens = [place for place in places if not self._hits[place].link and start <= self._hits[place].at <= end]
            inside = clicks[found.first : found.last + 1] + opens
            self.shared |= dict.fromkeys(inside, _many(found))

    def _mark(self, place: int) -> Mark:
        hit = self._hits[place]
        copy = self._known.get(hit.letter or (0, 0), UNKNOWN_COPY)
        return Mark(hit.at, copy.person or hit.letter, copy.domain)


def moment(hit: Seen) -> tuple[float, int, str, str, int]:
    """Order of time, in which hits of one moment stand the same way however they came."""
    return (hit.at, hit.id, hit.visitor, hit.agent, hit.link)


def ahead(hit: Seen) -> bool:
    """Whether a request says that it fetches ahead of a person (rule 4)."""
    purpose = hit.purpose.lower()
    return "prefetch" in purpose or "prerender" in purpose or "preview" in purpose


def _many(found: Cluster) -> str:
    return f"shared_source:{found.things} recipients in {found.seconds:.0f} s"


def _mail(hit: Seen) -> Hashable:
    """On what a burst is looked for: a recipient's copy, else one visitor on one group."""
    return hit.letter if hit.letter is not None else (hit.visitor, hit.group)


def _apart(order: Iterable[int], key: Callable[[int], Hashable]) -> Iterable[list[int]]:
    parts: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place in order:
        parts[key(place)].append(place)
    return parts.values()
