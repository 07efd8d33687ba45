"""Hits at rest are judged: with all others of their messages, what the timelines tell, and their neighbours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from estafette.model.event import Event
from estafette.model.tracking import RawHit
from estafette.relay.feedback.neighbours import Neighbours
from estafette.relay.feedback.timeline import Timeline
from estafette.store.interface.history import History
from estafette.store.interface.hits import Hits
from estafette.tracking.classify import classify
from estafette.tracking.evidence import Copy, Letter, Seen, Verdict
from estafette.tracking.lists import Lists
from estafette.tracking.said import firsts


class Judged(NamedTuple):
    """A hit and what it was. first: counted as the first of its kind of this recipient. timeline: of its message."""

    hit: RawHit
    verdict: Verdict
    first: bool
    timeline: Timeline


class Judgement:
    """Judges batches of hits; reads only."""

    def __init__(self, hits: Hits, history: History, lists: Lists) -> None:
        self._hits = hits
        self._history = history
        self._lists = lists
        self._neighbours = Neighbours(hits)

    async def judge(self, batch: Sequence[RawHit]) -> list[Judged]:
        """Return what each hit of a batch was, in its order; a batch should lie close together in time."""
        if not batch:
            return []
        # What came in meanwhile belongs to the evidence as much as what was judged before.
        letters = {(hit.message, hit.number) for hit in batch}
        found = await self._hits.of_messages(sorted({hit.message for hit in batch}))
        kept = [hit for hit in found if (hit.message, hit.number) in letters]
        timelines = {message: await self._timeline(message) for message in {hit.message for hit in kept}}
        touches = await self._touches(batch, letters)
        others = {touch.letter[0] for touch in touches if touch.letter is not None} - timelines.keys()
        timelines |= {message: await self._timeline(message) for message in others}
        verdicts = judged(kept, touches, timelines, self._lists)
        return [verdicts[hit.id] for hit in batch if hit.id in verdicts]

    async def _timeline(self, message: int) -> Timeline:
        return Timeline.of(await self._history.of_message(message))

    async def _touches(self, batch: Sequence[RawHit], letters: set[Letter]) -> list[Seen]:
        """Return what was touched of other copies from the addresses of a batch."""
        times = [hit.at for hit in batch]
        await self._neighbours.move(min(times), max(times))
        addresses = sorted({hit.address for hit in batch if hit.address})
        return [
            Seen(
                at=touch.at, kind="clicked", visitor=address, letter=(touch.message, touch.number), link=touch.link,
                id=touch.id,
            )
            for address, touch in self._neighbours.of(addresses)
            if (touch.message, touch.number) not in letters
        ]  # fmt: skip


def judged(
    kept: Sequence[RawHit], touches: Sequence[Seen], timelines: Mapping[int, Timeline], lists: Lists
) -> dict[int, Judged]:
    """Return what each kept hit was, by its id. kept: all of some copies; touches: of other ones."""
    seen = [*map(lists.seen, kept), *touches]
    verdicts = classify(seen, _copies(kept, seen, timelines, lists))[: len(kept)]
    of_message: defaultdict[int, list[int]] = defaultdict(list)
    for place, hit in enumerate(kept):
        of_message[hit.message].append(place)
    found: dict[int, Judged] = {}
    for message, places in of_message.items():
        timeline, hits = timelines[message], [kept[place] for place in places]
        first = firsts(hits, [verdicts[place] for place in places], timeline.words)
        found |= {
            kept[place].id: Judged(kept[place], verdicts[place], kept[place].id in first, timeline) for place in places
        }
    return found


def provisional(hits: Sequence[RawHit], events: Iterable[Event], lists: Lists) -> dict[int, Verdict]:
    """Return what the hits of one message look like so far, by id; without what other messages would add."""
    if not hits:
        return {}
    found = judged(hits, (), {hits[0].message: Timeline.of(events)}, lists)
    return {place: each.verdict for place, each in found.items()}


def _copies(
    kept: Sequence[RawHit], seen: Sequence[Seen], timelines: Mapping[int, Timeline], lists: Lists
) -> dict[Letter, Copy]:
    links: defaultdict[int, int] = defaultdict(int)
    for hit in kept:
        links[hit.message] = max(links[hit.message], hit.links)
    letters = {each.letter for each in seen if each.letter is not None}
    return {
        (message, number): timelines[message].copy(number, links[message], lists.gateways)
        for message, number in letters
    }
