"""What is usual for one tenant: its share of bad events, and its volume, robust against what was unusual before.

A share differs from hour to hour by more than chance, because mailings differ: its logarithm spreads around the usual
one. The spread is estimated from the past by MAD (P. J. Rousseeuw and C. Croux, JASA 88 (1993) 1273-1283), less what
counting alone explains; what is asked then is a Poisson tail over the highest share that the spread makes credible.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt
from statistics import median

import msgspec

#: An observation of the past that was this improbable is no part of what is usual.
_FOREIGN = 1e-4
_ROUNDS = 5
#: Expected events from which on an observation says something about the spread, and how many of them it takes.
_TELLING = 5.0
_ENOUGH = 20
#: Spreads within which a share is credible: 3.4 in a million of a normal distribution lie above.
_REACH = 4.5
#: From MAD to the standard deviation of a normal distribution.
_SIGMA = 1.4826

#: Events and base of a stretch of time.
Observation = tuple[int, int]


class UsualShare(msgspec.Struct, frozen=True):
    """share: of events in the base. spread: of its logarithm, beyond chance. base: what was seen in all."""

    share: float
    spread: float
    base: int

    def tail(self, events: int, base: int) -> float:
        """Return how probable at least so many events are while all is as usual."""
        return poisson_tail(events, base * min(1.0, self.share * exp(_REACH * self.spread)))


class UsualLevel(msgspec.Struct, frozen=True):
    """Amounts of comparable stretches of the past. spread: standard deviation by MAD."""

    middle: float
    spread: float
    least: int
    greatest: int


def usual_share(observations: Sequence[Observation], spread: float | None = None) -> UsualShare | None:
    """Return what is usual, without the stretches that were unusual themselves; None when nothing was seen.

    spread: known from elsewhere, where these are too few to tell it.
    """
    kept = [each for each in observations if each[1] > 0]
    if not kept:
        return None
    found = _usual(kept, spread)
    for _ in range(_ROUNDS):
        usual = [each for each in kept if found.tail(*each) >= _FOREIGN]
        if len(usual) == len(kept) or not usual:
            break
        kept, found = usual, _usual(usual, spread)
    return found


def usual_level(amounts: Sequence[int]) -> UsualLevel | None:
    """Return what amounts have in common; None of none."""
    if not amounts:
        return None
    middle = median(amounts)
    spread = median(abs(amount - middle) for amount in amounts) * _SIGMA
    return UsualLevel(middle, spread, min(amounts), max(amounts))


def poisson_tail(count: int, mean: float) -> float:
    """Return the probability of at least ``count`` events when ``mean`` are expected; 1 up to the mean."""
    if count <= mean or count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    term, total, number = exp(count * log(mean) - mean - lgamma(count + 1)), 0.0, count
    while term > total * 1e-12:
        total += term
        number += 1
        term *= mean / number
    return min(1.0, total)


def _usual(observations: Sequence[Observation], spread: float | None) -> UsualShare:
    base = sum(n for _, n in observations)
    # Half an event more, so that what was never seen is not impossible.
    share = (sum(x for x, _ in observations) + 0.5) / (base + 1)
    return UsualShare(share, _spread(observations, share) if spread is None else spread, base)


def _spread(observations: Sequence[Observation], share: float) -> float:
    """Return the standard deviation of the logarithm of the share, less what counting explains (1 / expected)."""
    telling = [(x, n * share) for x, n in observations if n * share >= _TELLING]
    if len(telling) < _ENOUGH:
        return 0.0
    seen = [log((x + 0.5) / expected) for x, expected in telling]
    middle = median(seen)
    deviation = median(abs(each - middle) for each in seen) * _SIGMA
    return sqrt(max(0.0, deviation**2 - median(1 / expected for _, expected in telling)))
