"""Events that do not say all their labels learn them from the other events of their message.

Whoever writes an event says what is at hand: an end that is told from the row alone knows no tags, a hit may not know
which server took the mail. Counters by tag or provider would miss those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from estafette.model.event import Event
from estafette.store.interface.history import History

#: Messages that are remembered.
REMEMBERED = 20_000
_TAKEN = frozenset({"delivered", "sent"})
_HITS = frozenset({"opened", "clicked"})
#: Their topic is what was left or taken again, "" the whole stream, whatever the message was about.
_CHOICES = frozenset({"unsubscribed", "subscribed"})
_LABELS = ("stream", "credential", "campaign", "tags", "topic", "template", "from_domain", "private")


class Known(msgspec.Struct, frozen=True):
    """What is known of a message: the event that queued it, None when it was removed; recipient -> where it went."""

    queued: Event | None
    sites: dict[int, str]


def lacks(event: Event) -> bool:
    """Return whether an event may not say all that its message was labelled with."""
    if event.kind == "queued" or not event.message or not event.tenant:
        return False
    if event.kind in _HITS and not event.site:
        return True
    return not event.from_domain or (event.kind == "failed" and not event.tags and not event.template)


def known(events: Sequence[Event]) -> Known:
    """Return what the events of a message tell."""
    queued = next((event for event in events if event.kind == "queued"), None)
    return Known(queued, {event.number: event.site for event in events if event.kind in _TAKEN})


def completed(event: Event, of: Known) -> Event:
    """Return an event with the labels it lacked; what it says itself stands."""
    found = {}
    if of.queued is not None:
        found = {label: getattr(of.queued, label) for label in _LABELS if not getattr(event, label)}
    if event.kind in _CHOICES:
        found.pop("topic", None)
    if event.kind in _HITS and not event.site:
        found["site"] = of.sites.get(event.number, "")
    return msgspec.structs.replace(event, **found)


class Labeller:
    """Completes events, with a bounded memory of messages."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._known: dict[int, Known] = {}

    async def complete(self, events: Iterable[Event]) -> list[Event]:
        """Return events with all their labels, in the same order."""
        return [completed(event, await self._of(event)) if lacks(event) else event for event in events]

    async def _of(self, event: Event) -> Known:
        found = self._known.get(event.message)
        if found is None or (event.kind in _HITS and event.number not in found.sites):
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            found = self._known[event.message] = known(await self._history.of_message(event.message))
        return found
