"""The history: the event log after the outbox; timelines, search, export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from estafette.model.event import Event


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events; empty fields match all. since, until: of ``at``, unix seconds, until itself left out."""

    tenant: str = ""
    kind: str = ""
    recipient: str = ""
    campaign: str = ""
    message: int = 0
    since: float = 0.0
    until: float = 0.0
    stream: str = ""
    tag: str = ""
    route: str = ""


class Stretch(msgspec.Struct, frozen=True):
    """What a bounded look at the log found. upto: how far it looked, to go on from. more: the log goes on there."""

    items: Sequence[tuple[int, Event]]
    upto: int
    more: bool


class History(Protocol):
    """What a history backend does."""

    async def append(self, events: Sequence[tuple[int, bytes]]) -> None:
        """Add packed events with their log positions; idempotent by event id."""
        ...

    async def position(self) -> int:
        """Return the outbox position up to which events were appended."""
        ...

    async def after(
        self, cursor: int, limit: int = 1000, selection: EventFilter | None = None
    ) -> Sequence[tuple[int, Event]]:
        """Return (cursor, event) in log order after a cursor."""
        ...

    async def stretch(self, cursor: int, limit: int = 1000, selection: EventFilter | None = None) -> Stretch:
        """As ``after``, but a look at some thousands of events at most, however few of them match."""
        ...

    async def of_message(self, message: int) -> Sequence[Event]:
        """Return every event of a message, oldest first."""
        ...

    async def of_recipients(self, keys: Sequence[tuple[int, int]]) -> Sequence[Event]:
        """Return every event of some recipients (message, number), oldest first; number 0 = of every recipient."""
        ...

    async def messages(
        self, tenant: str, *, before: int = 0, limit: int = 100, campaign: str = ""
    ) -> Sequence[tuple[int, Event]]:
        """Return (cursor, the first recipient's ``queued`` event) of a tenant's messages, newest first.

        before: a cursor, 0 = from the newest.
        """
        ...

    async def incoming(self, selection: EventFilter, *, before: int = 0, limit: int = 100) -> Stretch:
        """Return a tenant's ``inbound`` events, newest first, out of some thousands at most.

        before: a cursor, 0 = from the newest. The answer's ``upto`` is the one to go on from.
        """
        ...

    async def reached(self, tenant: str, campaign: str, recipients: Sequence[str]) -> set[str]:
        """Return those of some addresses for whom a tenant's campaign was queued already, as far back as is kept."""
        ...

    async def recent(self, limit: int = 100, tenant: str = "") -> Sequence[Event]:
        """Return the newest events, newest first."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """Return events by kind that are terminal or ``queued``; the other half of the ledger's proof."""
        ...

    async def prune(self, before: float, upto: int | None = None) -> int:
        """Forget events older than a moment, up to a position when one is given; return how many."""
        ...

    async def pruned(self) -> int:
        """Return the largest position that was forgotten: whoever stands before it may have missed events."""
        ...

    async def close(self) -> None:
        """Close."""
        ...
