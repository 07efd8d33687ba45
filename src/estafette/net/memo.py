"""Answers worth keeping: a bounded cache whose entries carry their own life, with single flight."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Protocol

_LIMIT = 50_000


class Perishable(Protocol):
    """Anything with a time to live in seconds."""

    @property
    def ttl(self) -> float:
        """Seconds it may be kept."""
        ...


class Memo:
    """Keeps answers for their ``ttl``; whoever asks what is being asked waits for the same answer."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._kept: dict[Hashable, tuple[float, Perishable]] = {}
        self._flights: dict[Hashable, asyncio.Task[Perishable]] = {}

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[Perishable]]) -> Perishable:
        """Return the kept answer, or the one that ``ask`` brings."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] > asyncio.get_running_loop().time():
            return kept[1]
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.ensure_future(self._ask(key, ask))
            self._flights[key] = flight
        # Shielded: one caller that gives up must not take the answer from the others.
        return await asyncio.shield(flight)

    def clear(self) -> None:
        """Forget every kept answer."""
        self._kept.clear()

    async def _ask(self, key: Hashable, ask: Callable[[], Awaitable[Perishable]]) -> Perishable:
        try:
            answer = await ask()
        finally:
            self._flights.pop(key, None)
        self._kept.pop(key, None)
        while len(self._kept) >= self._limit:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (asyncio.get_running_loop().time() + answer.ttl, answer)
        return answer
