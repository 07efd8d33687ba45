"""When feeds must be read again: due times of rows that rest in the spool, in ticks of five seconds."""

from __future__ import annotations

import heapq
import math

from estafette.store.interface.spool import Feed

TICK = 5.0


class Agenda:
    """Feeds by the tick at which something of them falls due.

    A feed stands once in a tick, however many rows.
    """

    def __init__(self) -> None:
        self._ticks: list[int] = []
        self._feeds: dict[int, set[Feed]] = {}

    def add(self, feed: Feed, due: float) -> None:
        """Note that a row of a feed falls due, unix seconds; rounded up, so a read at the tick finds it."""
        self._put(feed, math.ceil(due / TICK))

    def add_ready(self, feed: Feed, time: float) -> None:
        """Note that a feed holds rows that are due already."""
        self._put(feed, math.floor(time / TICK))

    def due(self, time: float) -> Feed | None:
        """Return and forget a feed of which something is due, None when there is none."""
        while self._ticks and self._ticks[0] * TICK <= time:
            feeds = self._feeds[self._ticks[0]]
            if feeds:
                return feeds.pop()
            del self._feeds[heapq.heappop(self._ticks)]
        return None

    def next(self) -> float | None:
        """Return the next tick, unix seconds."""
        return self._ticks[0] * TICK if self._ticks else None

    def _put(self, feed: Feed, tick: int) -> None:
        feeds = self._feeds.get(tick)
        if feeds is None:
            feeds = self._feeds[tick] = set()
            heapq.heappush(self._ticks, tick)
        feeds.add(feed)
