"""Whose turn it is: priorities by weight, so that none starves, and tenants in turn by octets."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estafette.relay.scheduling.feed import Window

#: turns of personal, transactional and bulk in one round, while all three wait
WEIGHTS = (8, 4, 1)
QUANTUM = 32 * 1024
_LEAST = 8 * 1024
_MOST = 512 * 1024


class Wheel:
    """Deals turns to the three priorities; one for each lane, so that other lanes cannot use up its turns."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = list(WEIGHTS)

    def turn(self, personal: bool, transactional: bool, bulk: bool) -> int:
        """Return the priority served next among those that could be; at least one must be able."""
        left = self._left
        while True:
            if personal and left[0]:
                left[0] -= 1
                return 0
            if transactional and left[1]:
                left[1] -= 1
                return 1
            if bulk and left[2]:
                left[2] -= 1
                return 2
            left[:] = WEIGHTS


def first(ring: deque[Window]) -> Window:
    """Return the window whose tenant is served next (deficit round robin); the ring is not empty."""
    while True:
        window = ring[0]
        if window.deficit > 0 or len(ring) == 1:
            return window
        window.deficit += QUANTUM
        ring.rotate(-1)


def charge(window: Window, octets: int) -> None:
    """Count what a tenant was given: small mail costs 8 KiB, huge mail at most 512 KiB."""
    window.deficit = max(window.deficit - min(max(octets, _LEAST), _MOST), -_MOST)
