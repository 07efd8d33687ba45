"""Alarms: lanes that may not go before a time, and when the first of them may."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from estafette.relay.scheduling.lane import Lane


class Alarms:
    """Times are monotonic seconds. A lane has one alarm, the earliest it was given; others ring in vain."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Lane]] = []
        self._serial = 0

    def set(self, lane: Lane, at: float) -> None:
        """Have a lane looked at again at a time."""
        if not lane.alarm or at < lane.alarm:
            lane.alarm = at
            self._serial += 1
            heapq.heappush(self._heap, (at, self._serial, lane))

    def ring(self, mono: float) -> Iterator[Lane]:
        """Yield the lanes whose time has come."""
        while self._heap and self._heap[0][0] <= mono:
            at, _, lane = heapq.heappop(self._heap)
            if lane.alarm == at:
                lane.alarm = 0.0
                yield lane

    def next(self) -> list[float]:
        """Return the time of the first alarm, if there is any."""
        return [self._heap[0][0]] if self._heap else []
