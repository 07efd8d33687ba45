"""Weeks of a tenant that sends orders all day, a newsletter on Wednesdays, and differs from hour to hour as tenants do."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, sqrt
from random import Random

from estafette.model.anomaly import Finding
from estafette.reporting.anomalies import DAY, HOUR, WEEK, WEEKS, look

START = 1_700_000_000 // WEEK * WEEK
NEWSLETTER = 5_000

Counts = dict[str, int]


def hour(random: Random, number: int, *, level: int = 300, bounce: float = 0.01, defer: float = 0.05) -> Counts:
    """Return the counters of the hour with a number; the shares of hours spread, as those of mailings do."""
    of_day, of_week = number % 24, number // 24 % 7
    busy = (1.0 if 7 <= of_day < 19 else 0.1) * (1.0 if of_week < 5 else 0.3)
    queued = drawn(random, level * busy * exp(random.gauss(0, 0.25)))
    if (of_week, of_day) == (2, 9):
        queued += NEWSLETTER
    bounced = min(queued, drawn(random, queued * bounce * exp(random.gauss(0, 0.2))))
    deferred = drawn(random, queued * defer * exp(random.gauss(0, 0.4)))
    complained = drawn(random, queued * 0.0004)
    return {
        "queued": queued, "delivered": queued - bounced, "bounced.hard": bounced, "deferred": deferred,
        "complained": complained,
    }  # fmt: skip


def drawn(random: Random, mean: float) -> int:
    """Return a Poisson number: counted for small means, by the normal distribution for large ones."""
    if mean > 50:
        return max(0, round(random.gauss(mean, sqrt(mean))))
    bound, product, number = exp(-mean), random.random(), 0
    while product > bound:
        product *= random.random()
        number += 1
    return number


def weeks(random: Random, count: int, **fields: float) -> dict[int, Counts]:
    """Return the hours of some weeks."""
    return {START + number * HOUR: hour(random, number, **fields) for number in range(count * WEEK // HOUR)}  # type: ignore[arg-type]


def looked_at(hours: dict[int, Counts], since: int) -> Iterator[Finding]:
    """Look at each hour from one on, with the weeks before it, as the janitor does."""
    known = {at: counts for at, counts in hours.items() if since - WEEKS * WEEK - DAY <= at < since}
    for at in sorted(each for each in hours if each >= since):
        known[at] = hours[at]
        known.pop(at - WEEKS * WEEK - DAY, None)
        yield from look(known, at + HOUR)
