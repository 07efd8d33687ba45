"""Intervals around what was counted: shares, differences of shares, and numbers of events.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209-212;
R. G. Newcombe, "Two-sided confidence intervals for the single proportion" and "Interval estimation for the difference
between independent proportions", Statistics in Medicine 17 (1998) 857-872 (method 3) and 873-890 (method 10);
N. E. Breslow and N. E. Day, "Statistical methods in cancer research" II (IARC 1987) 68-71 (Byar's approximation).
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from statistics import NormalDist

import msgspec

CONFIDENCE = 0.95


class Interval(msgspec.Struct, frozen=True, array_like=True):
    """What the true value lies in, with the confidence it was asked for; ends included."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Return whether a value lies in it."""
        return self.low <= value <= self.high

    def scaled(self, factor: float) -> Interval:
        """Return it in another unit; factor > 0."""
        return Interval(self.low * factor, self.high * factor)


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of a share, Wilson's score without continuity correction; of no trials, 0 to 1.

    ValueError when there are more successes than trials, or fewer than none.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    if not trials:
        return Interval(0.0, 1.0)
    z, share = _z(confidence), successes / trials
    wide = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / wide
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / wide
    # At the ends the formula is exactly 0 and 1, but for rounding.
    low = 0.0 if not successes else max(0.0, middle - half)
    return Interval(low, 1.0 if successes == trials else min(1.0, middle + half))


def difference(first: tuple[int, int], second: tuple[int, int], confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of first minus second, each (successes, trials) of its own people; Newcombe's method 10."""
    a, b = wilson(*first, confidence), wilson(*second, confidence)
    p, q = _share(first, a), _share(second, b)
    below = sqrt((p - a.low) ** 2 + (b.high - q) ** 2)
    above = sqrt((a.high - p) ** 2 + (q - b.low) ** 2)
    return Interval(max(-1.0, p - q - below), min(1.0, p - q + above))


def poisson(count: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the expected number when ``count`` independent events were seen; Byar's approximation.

    ValueError when the count is negative.
    """
    if count < 0:
        raise ValueError(f"{count} is no count")
    z = _z(confidence)
    low = count * (1 - 1 / (9 * count) - z / (3 * sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    return Interval(max(0.0, low), more * (1 - 1 / (9 * more) + z / (3 * sqrt(more))) ** 3)


def _share(counted: tuple[int, int], interval: Interval) -> float:
    """Return the share that was seen; of no trials, the middle of what it may be."""
    successes, trials = counted
    return successes / trials if trials else (interval.low + interval.high) / 2


@lru_cache(maxsize=32)
def _z(confidence: float) -> float:
    """Return the quantile of the normal distribution for a two-sided confidence."""
    return NormalDist().inv_cdf((1 + confidence) / 2)
