"""Counters over the event log: one number per tenant, hour, dimension, value and measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from estafette.model.event import Event

HOUR = 3_600
DAY = 86_400
#: Between the two halves of the value of a pair.
JOINT = "\x1f"


class Cell(msgspec.Struct, frozen=True, array_like=True):
    """Where a counter stands. hour: unix seconds of its start, UTC. measure: such as ``delivered``, ``clicked.human``.

    dimension: ``all``, ``stream``, ``credential``, ``campaign``, ``tag``, ``topic``, ``template``, ``domain``,
    ``provider``, ``link``, ``client``, ``method``, and the pairs ``campaign_provider`` and ``campaign_link`` whose
    value is two joined by a U+001F.
    """

    tenant: str
    hour: int
    dimension: str
    value: str
    measure: str


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One sum of an answer: which value (or hour, "" and 0 when not asked apart), which measure, how much."""

    hour: int
    value: str
    measure: str
    amount: int


class Statistics(Protocol):
    """What a backend of counters does. Every process reads; ``add`` is for the one that owns the store."""

    async def position(self) -> int:
        """Return the cursor of the log up to which is counted."""
        ...

    async def add(self, after: int, upto: int, increments: Mapping[Cell, int]) -> bool:
        """Add what the log says between two cursors and move on, in one transaction; a counter of 0 is kept too.

        False, and nothing is done, when ``after`` is not where counting stands: another has counted meanwhile.
        """
        ...

    async def read(
        self, tenant: str, dimension: str, *, since: int, until: int, values: Sequence[str] = (), first: str = "",
        measures: Sequence[str] = (), by_hour: bool = False, by_value: bool = True,
    ) -> Sequence[Row]:  # fmt: skip
        """Return sums of [since, until), both at full hours. first: only pairs with this first half."""
        ...

    async def values(self, tenant: str, dimension: str, day: int) -> set[str]:
        """Return the values that were counted in the UTC day that begins at a moment."""
        ...

    async def begun(self, tenant: str, dimension: str) -> Mapping[str, int]:
        """Return the first hour of every value, over all time."""
        ...

    async def everything(self, since: int) -> tuple[int, dict[Cell, int]]:
        """Return the cursor and every counter from an hour on, of one moment; for the proof against the log."""
        ...

    async def events(self, tenant: str, since: float, until: float, most: int) -> Sequence[Event] | None:
        """Return a tenant's events of a span for what no counter tells; None when they are more than ``most``."""
        ...

    async def close(self) -> None:
        """Close."""
        ...
