"""The bell of a line: whatever happens rings, and one turn of the loop later the line looks at everything once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from estafette.base.clock import Clock

LONGEST_REST = 5.0


class Bell:
    """Made inside a running event loop. turn: what a ring leads to, once however often it rang."""

    def __init__(self, clock: Clock, turn: Callable[[], None]) -> None:
        self._clock = clock
        self._turn = turn
        self._loop = asyncio.get_running_loop()
        self._turning: asyncio.Handle | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0
        self._silent = False

    def ring(self) -> None:
        """Have a turn, unless one is due already."""
        if self._turning is None and not self._silent:
            self._turning = self._loop.call_soon(self._rung)

    def _rung(self) -> None:
        self._turning = None
        if not self._silent:
            self._turn()

    def rest(self, wake_at: float | None) -> None:
        """Ring at a monotonic time, or after ``LONGEST_REST``; an earlier alarm stands, it does no harm."""
        now = self._clock.monotonic()
        at = now + LONGEST_REST
        if wake_at is not None:
            at = min(at, wake_at)
        if at <= now:
            self.ring()
        elif self._alarm is None or at < self._alarm_at:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm_at = at
            self._alarm = self._loop.call_later(at - now, self._alarmed)

    def _alarmed(self) -> None:
        self._alarm = None
        self.ring()

    def silence(self) -> None:
        """Lead to no further turn."""
        self._silent = True
        for handle in (self._turning, self._alarm):
            if handle is not None:
                handle.cancel()
