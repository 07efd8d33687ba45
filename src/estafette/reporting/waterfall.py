"""From all hits of a mailing to those of people, step by step: what was taken away, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from estafette.model.tracking import AGENTS, MACHINES
from estafette.reporting import rates
from estafette.reporting.rates import Rate

HitKind = Literal["opened", "clicked"]
#: Rate of uniques, and rate of hits for each message, of either kind.
_RATES: Mapping[HitKind, tuple[str, str]] = {"opened": ("open", "openings"), "clicked": ("click", "clicks")}


class Step(msgspec.Struct, frozen=True):
    """One step. name: class of hits. taken: how many of them. left: what remains after it."""

    name: str
    taken: int
    left: int


class Waterfall(msgspec.Struct, frozen=True, kw_only=True):
    """Hits of one kind. raw: all of them. steps: what is taken away, in order. people: what is left at the end.

    proxied: how many of those are first loads by an image proxy (a person's or not, nobody can tell); only openings
    have them. aggregate: how many of ``raw`` name nobody: of these no uniques are known.
    unique: recipients with a first one of their own. each: hits for each message.
    """

    kind: HitKind
    raw: int
    steps: tuple[Step, ...]
    people: int
    proxied: int
    aggregate: int
    unique: Rate
    each: Rate


def waterfall(kind: HitKind, counts: Mapping[str, int]) -> Waterfall:
    """Return the waterfall of counted measures."""
    raw = counts.get(f"{kind}.raw", 0)
    proxied = counts.get(f"{kind}.proxy", 0)
    taken = [(agent, counts.get(f"{kind}.machine.{agent}", 0)) for agent in AGENTS if agent in MACHINES]
    # A click does not come through an image proxy; should one ever say so, it is nobody's reading.
    taken += [("image_proxy", proxied)] if kind == "clicked" else []
    taken.append(("unknown", counts.get(f"{kind}.unknown", 0)))
    steps, left = list[Step](), raw
    for name, amount in taken:
        left -= amount
        steps.append(Step(name, amount, left))
    unique, each = (rates.rate(name, counts) for name in _RATES[kind])
    return Waterfall(
        kind=kind, raw=raw, steps=tuple(steps), people=left, proxied=proxied if kind == "opened" else 0,
        aggregate=counts.get(f"{kind}.aggregate", 0), unique=unique, each=each,
    )  # fmt: skip
