"""Raw hits of a span, page after page, each hit once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from estafette.model.tracking import RawHit
from estafette.store.interface.hits import Hits


async def pages(hits: Hits, start: float, end: float, size: int) -> AsyncIterator[Sequence[RawHit]]:
    """Yield the hits of [start, end), oldest first, about ``size`` at a time."""
    known: set[int] = set()
    while page := await hits.between(start, end, size):
        yield [hit for hit in page if hit.id not in known]
        if len(page) < size:
            return
        # A page ends within a moment, the rest of which comes with the next one; a moment may fill a page.
        last = page[-1].at
        size = size if last > start else size * 2
        known = {hit.id for hit in page if hit.at == last}
        start = last
