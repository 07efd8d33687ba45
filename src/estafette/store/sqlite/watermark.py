"""The free-space watermark: mail is refused before the disk is full, and taken again only well below."""

from __future__ import annotations

import os
from pathlib import Path

from estafette.base.clock import Clock
from estafette.store.interface.spool import Health

#: Mail is taken again when this much more than the limit is free.
HYSTERESIS = 1.2
#: Seconds between two looks at the disk.
EVERY = 1.0


class Watermark:
    """Looks at most once a second. limit: a share of the disk up to 1, octets above."""

    def __init__(self, folder: Path, clock: Clock, limit: float) -> None:
        self._folder = folder
        self._clock = clock
        self._limit = limit
        self._looked = float("-inf")
        self._refusing = False
        self.free = 0

    def health(self) -> Health:
        """Return the verdict on the disk alone."""
        moment = self._clock.monotonic()
        if moment - self._looked >= EVERY:
            self._looked = moment
            self._look()
        if self._refusing:
            return Health(accepting=False, why="disk nearly full", free_bytes=self.free)
        return Health(free_bytes=self.free)

    def _look(self) -> None:
        disk = os.statvfs(self._folder)
        self.free = disk.f_bavail * disk.f_frsize
        floor = self._limit if self._limit > 1 else self._limit * disk.f_blocks * disk.f_frsize
        self._refusing = self.free < floor * (HYSTERESIS if self._refusing else 1.0)
