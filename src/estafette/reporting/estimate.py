"""How many people read and clicked, as a range: what was seen of the panel, carried over to those who are hidden.

Three things stand between hits and readers, each met by its own means:

- machines: their hits are not counted at all (``tracking.classify``);
- prefetchers, behind which nothing is seen: the panel of each provider stands for the provider's hidden recipients,
  weighted by how many these are (post-stratification);
- images that were not shown: of those who clicked, and so have read, some were not seen to open; that share is missing
  among other readers too (capture and recapture: D. G. Chapman 1951, G. A. F. Seber 1982 section 3.1).

It assumes that readers behind a prefetcher read as others of their provider do, and that clicking does not depend on
whether images are shown. Neither can be seen from hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import NormalDist

import msgspec

from estafette.reporting.intervals import CONFIDENCE, Interval, wilson
from estafette.reporting.panel import Stratum

#: A provider's panel below this says too little of its own; such providers are taken together.
SMALLEST_PANEL = 30
#: Below so many delivered, or so many seen, no share is given (facts: screens-and-measurement 3.4, rule 18).
LEAST_DELIVERED = 200
LEAST_EVENTS = 10


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A share of the delivered, what it lies in, and on how many of them it stands. seen: what was counted of these."""

    share: float
    interval: Interval
    panel: int
    seen: int


def clickers(strata: Sequence[Stratum], confidence: float = CONFIDENCE) -> Estimate | None:
    """Return who clicked: people with a human click of all delivered, Wilson's interval; None when too few.

    Clicks of which nobody knows whose they were widen it: below stand those of people alone, above all of them.
    """
    delivered = sum(each.delivered for each in strata)
    sure = sum(each.clickers for each in strata)
    unsure = sum(each.unsure for each in strata)
    if delivered < LEAST_DELIVERED or sure < LEAST_EVENTS:
        return None
    low, high = wilson(sure, delivered, confidence).low, wilson(sure + unsure, delivered, confidence).high
    return Estimate(share=sure / delivered, interval=Interval(low, high), panel=delivered, seen=sure)


def openers(strata: Sequence[Stratum], confidence: float = CONFIDENCE) -> Estimate | None:
    """Return who read it with images shown, as if nobody were hidden; None when too few."""
    delivered, panel = sum(each.delivered for each in strata), sum(each.panel for each in strata)
    seen = sum(each.opened for each in strata)
    if delivered < LEAST_DELIVERED or seen < LEAST_EVENTS or panel == seen:
        return None
    share, variance = _weighted(strata)
    # Wilson's interval of as many trials as would have this variance: it stays within 0 and 1.
    trials = share * (1 - share) / variance
    interval = wilson(round(share * trials), round(trials), confidence)
    return Estimate(share=share, interval=interval, panel=panel, seen=seen)


def readers(strata: Sequence[Stratum], confidence: float = CONFIDENCE) -> Estimate | None:
    """Return who read it, images shown or not; None when too few, above all of clickers in the panel."""
    opened = openers(strata, confidence)
    clicked, both = sum(each.clicked for each in strata), sum(each.both for each in strata)
    if opened is None or both < LEAST_EVENTS:
        return None
    shown = (both + 0.5) / (clicked + 0.5)
    share = min(1.0, opened.share / shown)
    _, variance = _weighted(strata)
    spread = sqrt(variance / opened.share**2 + (clicked - both + 0.5) / ((both + 0.5) * (clicked + 0.5)))
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    interval = Interval(exp(log(share) - z * spread), min(1.0, exp(log(share) + z * spread)))
    return Estimate(share=share, interval=interval, panel=opened.panel, seen=opened.seen)


def _weighted(strata: Sequence[Stratum]) -> tuple[float, float]:
    """Return the share of openers, each provider's panel weighted as the provider, and its variance."""
    parts = _joined(strata)
    delivered = sum(each.delivered for each in parts)
    panel, opened = sum(each.panel for each in parts), sum(each.opened for each in parts)
    rates = [_rate(each, opened / panel) for each in parts]
    weights = [each.delivered / delivered for each in parts]
    share = sum(weight * rate for weight, rate in zip(weights, rates, strict=True))
    within = sum(w * w * r * (1 - r) / max(each.panel, 1) for w, r, each in zip(weights, rates, parts, strict=True))
    # Who is delivered to is a draw too.
    between = sum(w * (r - share) ** 2 for w, r in zip(weights, rates, strict=True)) / delivered
    return share, within + between


def _rate(part: Stratum, otherwise: float) -> float:
    return part.opened / part.panel if part.panel >= SMALLEST_PANEL else otherwise


def _joined(strata: Sequence[Stratum]) -> list[Stratum]:
    """Return providers of their own, and all with a small panel as one."""
    large = [each for each in strata if each.panel >= SMALLEST_PANEL]
    small = [each for each in strata if each.panel < SMALLEST_PANEL]
    if not small:
        return large
    rest = Stratum(
        provider="", delivered=sum(each.delivered for each in small), hidden=sum(each.hidden for each in small),
        opened=sum(each.opened for each in small),
    )  # fmt: skip
    return [*large, rest]
