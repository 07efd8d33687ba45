"""Hits that are still kept, judged again: what a changed classifier says otherwise, and the corrections."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from estafette.model.event import Event, pack
from estafette.relay.feedback.hit_events import Country, correction
from estafette.relay.feedback.judgement import Judged, Judgement
from estafette.relay.feedback.pages import pages
from estafette.store.interface.history import History
from estafette.store.interface.hits import Hits
from estafette.store.interface.spool import Spool
from estafette.tracking.classify import VERSION
from estafette.tracking.lists import Lists

PAGE = 1_000


class Review(msgspec.Struct):
    """What a review found. looked_at: final hits; changed: those judged otherwise, ``counts`` by old and new class."""

    looked_at: int = 0
    changed: int = 0
    firsts: int = 0
    counts: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        """Return it as the command line prints it."""
        changes = [{"was": was, "is": agent, "hits": count} for (was, agent), count in sorted(self.counts.items())]
        return {
            "version": VERSION, "looked_at": self.looked_at, "changed": self.changed, "firsts_moved": self.firsts,
            "changes": changes,
        }  # fmt: skip


class HitReview:
    """Judges again what was final; writes only when it is told to."""

    def __init__(self, *, hits: Hits, history: History, spool: Spool, lists: Lists, country: Country) -> None:
        self._hits = hits
        self._spool = spool
        self._lists = lists
        self._country = country
        self._judgement = Judgement(hits, history, lists)

    async def run(self, since: float, until: float, *, apply: bool) -> Review:
        """Look at the hits of [since, until); with ``apply``, log corrections, each of which counts once."""
        review = Review()
        async for page in pages(self._hits, since, until, PAGE):
            events = [event for each in await self._judgement.judge(page) if (event := self._compare(each, review))]
            if apply and events:
                await self._spool.record([pack(event) for event in events])
        return review

    def _compare(self, judged: Judged, review: Review) -> Event | None:
        word = judged.timeline.words.get(judged.hit.id)
        if word is None:
            return None
        review.looked_at += 1
        event = correction(judged, word, self._lists.programs, self._country)
        if event is not None:
            review.firsts += judged.first != word.first
            if judged.verdict.agent != word.agent:
                review.changed += 1
                review.counts[word.agent, judged.verdict.agent] += 1
        return event
