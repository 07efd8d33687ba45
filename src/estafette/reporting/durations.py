"""Durations in a histogram whose buckets grow by a fifth: any quantile is read to within 10 %, however long it took.

A bucket's number is all that a counter keeps; bucket n holds [1.2^n, 1.2^(n+1)) milliseconds and is read as its middle
on the logarithmic scale, which is off by at most sqrt(1.2) - 1 = 9.5 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, sqrt

GROWTH = 1.2
#: Ten days: nothing waits longer than it may.
LAST = 112
_SCALE = 1 / log(GROWTH)


def bucket(seconds: float) -> int:
    """Return the bucket of a duration; less than a millisecond counts as one."""
    return min(LAST, int(log(max(1.0, seconds * 1000)) * _SCALE))


def middle(number: int) -> float:
    """Return the seconds that a bucket stands for."""
    return GROWTH**number * sqrt(GROWTH) / 1000


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """Return the seconds within which a share (0 to 1) of all durations lies; None when there are none."""
    total = sum(counts.values())
    if total <= 0:
        return None
    rank, below = share * total, 0
    for number in sorted(counts):
        below += counts[number]
        if below >= rank and counts[number] > 0:
            return middle(number)
    return middle(max(counts))
