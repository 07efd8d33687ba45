"""Who else was touched from the same addresses around the same time: what rule 11 needs of other messages.

A window over the raw hits, read as it moves on. Of an address it remembers no more per minute than decides the rule, so
that a scanner of a million recipients takes no more room than one of a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from estafette.model.tracking import RawHit
from estafette.relay.feedback.pages import pages
from estafette.store.interface.hits import Hits
from estafette.tracking.groups import SHARED_PEOPLE, SHARED_SECONDS

#: Touches remembered of one address and minute, and hits read at a time.
REMEMBERED = 32
PAGE = 5_000
#: Seconds by which a hit may reach the store later than one that came after it.
LAG = 10.0


class Touch(NamedTuple):
    """A link of a recipient's copy, followed from an address."""

    at: float
    id: int
    message: int
    number: int
    link: int


class Neighbours:
    """The window; every reader of hits keeps one of their own."""

    def __init__(self, hits: Hits, page: int = PAGE) -> None:
        self._hits = hits
        self._page = page
        self._start = self._read = math.inf
        self._touches: dict[tuple[str, int], dict[int, Touch]] = {}

    async def move(self, first: float, last: float) -> None:
        """Hold what happened from so long before ``first`` as counts to so long after ``last`` (unix seconds)."""
        start, end = first - SHARED_SECONDS, last + SHARED_SECONDS
        if start < self._start or start > self._read:
            self._touches, self._read = {}, start
        self._start = start
        await self._read_on(max(start, self._read - LAG), end)
        self._touches = {key: held for key, held in self._touches.items() if key[1] >= int(start) // 60}

    def of(self, addresses: Iterable[str]) -> list[tuple[str, Touch]]:
        """Return touches from those of some addresses that touched enough copies to matter."""
        found = []
        minutes = range(int(self._start) // 60, int(self._read) // 60 + 1)
        for address in addresses:
            touches = [touch for minute in minutes for touch in self._touches.get((address, minute), {}).values()]
            if len({(touch.message, touch.number) for touch in touches}) >= SHARED_PEOPLE:
                found += [(address, touch) for touch in touches]
        return found

    async def _read_on(self, start: float, end: float) -> None:
        async for page in pages(self._hits, start, end, self._page):
            for hit in page:
                self._take(hit)
                self._read = max(self._read, hit.at)

    def _take(self, hit: RawHit) -> None:
        if hit.link and hit.address:
            held = self._touches.setdefault((hit.address, int(hit.at) // 60), {})
            if len(held) < REMEMBERED:
                held[hit.id] = Touch(hit.at, hit.id, hit.message, hit.number, hit.link)
