"""Raw hits of individual measuring: kept short, read again when the classifier learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from estafette.model.tracking import RawHit


class Hits(Protocol):
    """What a backend of raw hits does."""

    async def add(self, hits: Sequence[RawHit]) -> None:
        """Keep hits, durably; those whose id is known, and those of a copy that has a thousand, are passed over."""
        ...

    async def open(self, before: float, limit: int = 10_000) -> Sequence[RawHit]:
        """Return hits that came before a moment and are not final yet, oldest first, whole messages at a time."""
        ...

    async def between(self, start: float, end: float, limit: int = 100_000) -> Sequence[RawHit]:
        """Return hits of a span, final or not, oldest first."""
        ...

    async def of_messages(self, messages: Sequence[int]) -> Sequence[RawHit]:
        """Return all hits of some messages, oldest first."""
        ...

    async def close_up(self, ids: Sequence[int]) -> None:
        """Mark hits as final: their events are written."""
        ...

    async def forget(self, messages: Sequence[tuple[int, int]]) -> int:
        """Remove the hits of recipients (message, number); return how many."""
        ...

    async def prune(self, before: float) -> int:
        """Remove hits older than a moment; return how many."""
        ...
