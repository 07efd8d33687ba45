"""The provider view: what each provider's servers did with the mail, beside the week before, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from estafette.reporting import rates
from estafette.reporting.changes import Change
from estafette.reporting.durations import quantile
from estafette.reporting.intervals import Interval, difference
from estafette.reporting.measures import TO_250
from estafette.reporting.rates import Rate
from estafette.reporting.replies import Said

#: Replies that are told of each provider.
TOP = 3
#: Rates of a provider that are compared.
COMPARED = ("delivery", "deferral", "bounce", "complaint")

Counts = Mapping[str, int]


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """Seven days at one provider. p50, p95: seconds from acceptance by us to its 250, None without deliveries."""

    accepted: int
    deferred: int
    bounced: int
    complained: int
    rates: tuple[Rate, ...]
    p50: float | None
    p95: float | None


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """One provider. differences: of the rates to the week before, with their interval; None where one is withheld.

    replies: what was said with deferrals, the commonest first. changes: its own; those of the account stand apart.
    """

    provider: str
    now: Week
    before: Week
    differences: Mapping[str, Interval | None]
    replies: Sequence[Said] = ()
    changes: Sequence[Change] = ()


def view(
    provider: str, now: Counts, before: Counts, replies: Sequence[Said], changes: Sequence[Change]
) -> ProviderView:
    """Return the view of one provider from its counters of two weeks."""
    this, last = week(now), week(before)
    pairs = zip(this.rates, last.rates, strict=True)
    return ProviderView(
        provider=provider, now=this, before=last, replies=replies[:TOP], changes=changes,
        differences={found.name: _difference(found, was) for found, was in pairs},
    )  # fmt: skip


def week(counts: Counts) -> Week:
    """Return the figures of seven days from their counters."""
    times = {int(name.removeprefix(TO_250)): n for name, n in counts.items() if name.startswith(TO_250)}
    return Week(
        accepted=rates.total("delivered", counts), deferred=rates.total("deferred", counts),
        bounced=rates.total("bounced", counts), complained=rates.total("complained", counts),
        rates=tuple(rates.rate(name, counts) for name in COMPARED),
        p50=quantile(times, 0.5), p95=quantile(times, 0.95),
    )  # fmt: skip


def _difference(now: Rate, before: Rate) -> Interval | None:
    if now.withheld or before.withheld:
        return None
    return difference((now.numerator, now.denominator), (before.numerator, before.denominator))
