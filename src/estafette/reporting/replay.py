"""Replies of the log, classified again: what another set of rules would say of them, before it goes live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from estafette.model.event import Event
from estafette.reporting.bounces import phase_of
from estafette.reporting.replies import general
from estafette.smtp.classification import vocabulary
from estafette.smtp.classification.rulebook import RuleBook
from estafette.store.interface.history import EventFilter, History

PAGE = 1_000
#: Texts that are shown of each kind of change.
SAMPLES = 3
#: Different texts of one kind of change that are remembered.
_TEXTS = 1_000


class Said(msgspec.Struct, frozen=True, order=True):
    """What a set of rules says of a reply, as far as anybody acts on it."""

    category: str
    scope: str
    suppress: bool


class Replay(msgspec.Struct):
    """What a replay found. looked_at: replies of the log. changed: those of which something else would be said."""

    looked_at: int = 0
    changed: int = 0
    counts: Counter[tuple[Said, Said]] = msgspec.field(default_factory=Counter)
    texts: dict[tuple[Said, Said], Counter[str]] = msgspec.field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as the command line prints it, the commonest change first."""
        order = sorted(self.counts.items(), key=lambda each: (-each[1], each[0]))
        return {"looked_at": self.looked_at, "changed": self.changed, "changes": [self._line(*each) for each in order]}

    def _line(self, change: tuple[Said, Said], count: int) -> dict[str, Any]:
        was, now = change
        return {
            "was": msgspec.to_builtins(was), "is": msgspec.to_builtins(now), "replies": count,
            "samples": [text for text, _ in self.texts[change].most_common(SAMPLES)],
        }  # fmt: skip

    def note(self, was: Said, now: Said, text: str) -> None:
        """Count one reply."""
        self.looked_at += 1
        if was == now:
            return
        self.changed += 1
        self.counts[was, now] += 1
        texts = self.texts.setdefault((was, now), Counter())
        short = general(text)
        if short in texts or len(texts) < _TEXTS:
            texts[short] += 1


class Replayer:
    """Compares a set of rules with another, or (``live`` None) with what was said when it happened; writes nothing."""

    def __init__(self, candidate: RuleBook, live: RuleBook | None = None) -> None:
        self._candidate = candidate
        self._live = live

    async def run(self, history: History, since: float = 0.0) -> Replay:
        """Look at every reply from a moment (unix seconds) on."""
        found, cursor = Replay(), await history.pruned()
        end, selection = await history.position(), EventFilter(since=since)
        while cursor < end:
            look = await history.stretch(cursor, PAGE, selection)
            self.compare((event for _, event in look.items), found)
            if look.upto <= cursor:
                break
            cursor = look.upto
        return found

    def compare(self, events: Iterable[Event], found: Replay) -> None:
        """Add to what was found what is said otherwise of some events; what no rule was asked about is left out."""
        for event in events:
            if event.reply is not None and event.reply.code >= 400 and (event.rule or not event.category):
                found.note(self._before(event), _said(self._candidate, event), event.reply.text)

    def _before(self, event: Event) -> Said:
        if self._live is not None:
            return _said(self._live, event)
        known = vocabulary().get(event.category)
        suppress = known is not None and known.suppress and event.reply is not None and event.reply.code >= 500
        return Said(event.category, event.scope, suppress)


def _said(book: RuleBook, event: Event) -> Said:
    assert event.reply is not None
    told = book.classify(event.reply.code, event.reply.enhanced, event.reply.text, phase_of(event))
    return Said(told.category, told.scope, told.suppress)
