"""The high-water mark of ids: no id is given out twice, even when the clock stepped back before a restart."""

from __future__ import annotations

import apsw

from estafette.base.ids import EPOCH_MS
from estafette.store.sqlite.database import get_meta, set_meta
from estafette.store.sqlite.statements import sql

#: Ids are reserved this far ahead, so that the mark is written once in a while and not in every commit.
AHEAD_SECONDS = 10
_LOW_BITS = 22


def id_at(seconds: float) -> int:
    """Return the smallest id of a moment."""
    return max(int(seconds * 1000) - EPOCH_MS, 0) << _LOW_BITS


class HighWater:
    """The stored mark. It follows the clock too, not messages alone, and so covers the event ids of couriers."""

    def __init__(self, connection: apsw.Connection) -> None:
        stored = get_meta(connection, "high_water") or 0
        largest = connection.execute(sql("largest_id")).fetchone()
        self.mark: int = max(stored, largest[0] if largest else 0)
        self._written: int = stored

    def cover(self, connection: apsw.Connection, largest: int, now: float) -> None:
        """Write the mark, some seconds ahead, when ids have reached it; part of the caller's transaction."""
        reached = max(largest, id_at(now))
        if reached >= self._written:
            self._written = self.mark = reached + (AHEAD_SECONDS * 1000 << _LOW_BITS)
            set_meta(connection, "high_water", self._written)

    def forget(self) -> None:
        """The transaction was undone: write the mark again in the next one."""
        self._written = 0
