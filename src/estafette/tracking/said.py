"""What the log says of hits by now: the last word on each, after all corrections, and whose hit counts as the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from estafette.base import ids
from estafette.model.event import Event
from estafette.model.tracking import Agent, RawHit
from estafette.tracking.evidence import Verdict

#: ``Event.reason`` of a correction; its ``source`` is the id of the event it corrects.
RECLASSIFIED = "reclassified"

_PERSONAL = {"opened": ("human", "image_proxy"), "clicked": ("human",)}


class Said(msgspec.Struct, frozen=True, array_like=True):
    """The last word on one hit. first: whether it is counted as its recipient's first of this kind."""

    number: int
    kind: str
    agent: Agent
    reasons: tuple[str, ...]
    first: bool
    version: int


def said(events: Iterable[Event]) -> dict[int, Said]:
    """Return the last word on each hit, by its id, from events in the order of the log."""
    words: dict[int, Said] = {}
    for event in events:
        hit = event.hit
        if hit is None or hit.mode == "aggregate":
            continue
        place, first = event.id, hit.first
        if hit.was:
            place = ids.read(event.source)
            before = words[place].first if place in words else False
            first = hit.agent in _PERSONAL[event.kind] if hit.first else before
        words[place] = Said(event.number, event.kind, hit.agent, hit.reasons, first, hit.version)
    return words


def firsts(hits: Sequence[RawHit], verdicts: Sequence[Verdict], words: Mapping[int, Said]) -> set[int]:
    """Return the ids of a message's hits that count as first: one at most for each recipient and kind.

    hits: all that are kept of some copies of the message. words: what its events say. A hit that was counted stays the
    first as long as it is a person's, or when it is no longer kept; otherwise the earliest of a person is.
    """
    kept = {hit.id for hit in hits}
    gone = {place: word for place, word in words.items() if word.first and place not in kept}
    taken = {(word.number, word.kind): place for place, word in gone.items()}
    people = [hit for hit, verdict in zip(hits, verdicts, strict=True) if verdict.person]
    for hit in sorted(people, key=lambda hit: (not _counted(hit, words), hit.at, hit.id)):
        taken.setdefault((hit.number, hit.kind), hit.id)
    return set(taken.values())


def _counted(hit: RawHit, words: Mapping[int, Said]) -> bool:
    word = words.get(hit.id)
    return word is not None and word.first
