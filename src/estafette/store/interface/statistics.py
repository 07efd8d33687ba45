"""Counters over the event log: one number per tenant, hour, dimension, value and measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec


class Cell(msgspec.Struct, frozen=True, array_like=True):
    """Where a counter stands. hour: unix seconds of its start, UTC. measure: such as ``delivered``, ``clicked.human``.

    dimension: ``all``, ``stream``, ``credential``, ``campaign``, ``tag``, ``template``, ``domain``, ``provider``,
    ``link``, ``client``, and the pairs ``campaign_provider`` and ``campaign_link`` whose value is two joined by a
    U+001F.
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
    """What a backend of counters does."""

    async def position(self) -> int:
        """Return the cursor of the log up to which is counted."""
        ...

    async def add(self, upto: int, increments: Mapping[Cell, int]) -> None:
        """Add to counters and move the cursor, in one transaction; nothing when ``upto`` is not beyond the cursor."""
        ...

    async def read(
        self, tenant: str, dimension: str, *, since: int, until: int, values: Sequence[str] = (),
        measures: Sequence[str] = (), by_hour: bool = False, by_value: bool = True,
    ) -> Sequence[Row]:  # fmt: skip
        """Return sums of [since, until), both at full hours."""
        ...

    async def forget(self) -> None:
        """Remove every counter and begin again at the start of the log."""
        ...
