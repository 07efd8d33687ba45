"""Lanes that may have something to start, in turn; those with people's mail more often."""

from __future__ import annotations

from collections import deque

from estafette.relay.scheduling.lane import Lane

_URGENT_TURNS = 8


class Turns:
    """Two rounds of lanes: with people's mail, and with any other.

    A lane leaves when it cannot start anything.
    """

    def __init__(self) -> None:
        self._urgent: deque[Lane] = deque()
        self._common: deque[Lane] = deque()
        self._served = 0

    def add(self, lane: Lane) -> None:
        """List a lane in the rounds that its rows belong to; a lane that awaits its site stays out."""
        if not lane.settled:
            return
        personal, transactional, bulk = lane.rings
        if personal and not lane.urgent:
            lane.urgent = True
            self._urgent.append(lane)
        if (transactional or bulk) and not lane.listed:
            lane.listed = True
            self._common.append(lane)

    def next(self, rest: bool) -> Lane | None:
        """Take the lane whose turn it is; ``rest`` False takes only those with people's mail."""
        if self._urgent and (self._served < _URGENT_TURNS or not self._common or not rest):
            self._served += 1
            lane = self._urgent.popleft()
            lane.urgent = False
            return lane
        self._served = 0
        if not self._common or not rest:
            return None
        lane = self._common.popleft()
        lane.listed = False
        return lane
