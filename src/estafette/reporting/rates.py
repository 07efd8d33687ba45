"""Rates: what was counted over what, with the interval of the true value and the formula in words.

Below 200 in the base or 10 events there is no percentage (facts: screens-and-measurement 3.4, rule 18): the numbers are
shown, and that they are too few to conclude. "Delivered" is "accepted by the receiving server" (rule 19).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Literal

import msgspec

from estafette.base.shipped import table
from estafette.model.user import Language
from estafette.reporting.intervals import CONFIDENCE, Interval, poisson, wilson

LEAST_BASE = 200
LEAST_EVENTS = 10

#: Why there is no percentage: too few to conclude, or more events than the base (they answer mail of an earlier span).
Withheld = Literal["", "too_few", "exceeds_base"]


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One rate. name: such as ``click``. of: the name of its denominator. kind: ``share``, or ``mean`` per unit.

    interval: of the true value, as a fraction; None without a base, or when the base is exceeded.
    """

    name: str
    kind: str = "share"
    numerator: int
    denominator: int
    of: str
    interval: Interval | None = None
    withheld: Withheld = ""

    @property
    def too_few(self) -> bool:
        """Whether the numbers are too few to conclude anything."""
        return self.withheld == "too_few"

    @property
    def value(self) -> float | None:
        """The rate as a fraction; None where no percentage may be shown."""
        return None if self.withheld else self.numerator / self.denominator


class _Form(msgspec.Struct, frozen=True):
    events: str
    bases: tuple[str, ...]
    kind: str = "share"


class _Book(msgspec.Struct, frozen=True):
    measures: dict[Language, dict[str, str]]
    sums: dict[str, tuple[str, ...]]
    rates: dict[str, _Form]


def names() -> tuple[str, ...]:
    """Return the names of all rates."""
    return tuple(_book().rates)


def denominators(name: str) -> tuple[str, ...]:
    """Return what a rate may be taken of; the first is taken unless another is asked for. KeyError when unknown."""
    return _book().rates[name].bases


def total(name: str, counts: Mapping[str, int]) -> int:
    """Return a sum of measures, such as ``attempted``, out of counted ones.

    Never below zero: late bounces may be about mail of an earlier span.
    """
    return max(0, sum(_sign(name, measure) * amount for measure, amount in counts.items()))


def rate(name: str, counts: Mapping[str, int], of: str = "") -> Rate:
    """Return a rate of counted measures. of: its denominator, "" for the usual one; KeyError for an unknown one."""
    form = _book().rates[name]
    base = of or form.bases[0]
    if base not in form.bases:
        raise KeyError(base)
    return made(name, total(form.events, counts), total(base, counts), base, form.kind)


def made(name: str, numerator: int, denominator: int, of: str, kind: str = "share") -> Rate:
    """Return the rate of two numbers, under the rules of this page. name: of a rate, else of what was counted."""
    withheld = _withheld(numerator, denominator, kind)
    interval = None if withheld == "exceeds_base" else _interval(numerator, denominator, kind)
    return Rate(
        name=name, kind=kind, numerator=numerator, denominator=denominator, of=of, interval=interval, withheld=withheld
    )


def every(counts: Mapping[str, int], bases: Iterable[str] = ()) -> list[Rate]:
    """Return all rates of counted measures, each over the first of ``bases`` that it knows, else its usual one."""
    wanted = tuple(bases)
    chosen = {name: next((base for base in wanted if base in denominators(name)), "") for name in names()}
    return [rate(name, counts, of) for name, of in chosen.items()]


def formula(found: Rate, language: Language) -> str:
    """Return what was divided by what, in words."""
    words, known = _book().measures[language], _book().rates.get(found.name)
    return f"{words[known.events if known else found.name]} / {words[found.of]}"


def shown(found: Rate, language: Language = "en") -> dict[str, object]:
    """Return a rate's resource; ``percent`` and ``interval`` (of percents) are null where they must not be shown."""
    value = found.value
    interval = found.interval if value is not None else None
    return {
        "name": found.name, "kind": found.kind, "numerator": found.numerator, "denominator": found.denominator,
        "of": found.of, "percent": None if value is None else round(value * 100, 2),
        "interval": None if interval is None else [round(end * 100, 2) for end in (interval.low, interval.high)],
        "confidence": CONFIDENCE, "withheld": found.withheld or None, "formula": formula(found, language),
    }  # fmt: skip


def _withheld(numerator: int, denominator: int, kind: str) -> Withheld:
    if kind == "share" and numerator > denominator:
        return "exceeds_base"
    return "too_few" if denominator < LEAST_BASE or numerator < LEAST_EVENTS else ""


def _interval(numerator: int, denominator: int, kind: str) -> Interval | None:
    if denominator <= 0 or numerator < 0:
        return None
    if kind == "share":
        return wilson(numerator, denominator)
    return poisson(numerator).scaled(1 / denominator)


@lru_cache(maxsize=4_096)
def _sign(name: str, measure: str) -> int:
    """Return how a measure goes into a sum: 1, -1, or 0 when it does not."""
    wanted = _book().sums[name]
    if f"-{measure}" in wanted:
        return -1
    return int(any(measure == each or (each.endswith(".") and measure.startswith(each)) for each in wanted))


@cache
def _book() -> _Book:
    return table("estafette.reporting", "rates.toml", _Book)
