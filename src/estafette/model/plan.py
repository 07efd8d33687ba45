"""A plan: what a tenant may send, in which windows, and what that costs. Amounts are exact decimals in text."""

from __future__ import annotations

from typing import Literal

import msgspec

Overage = Literal["stop", "bill"]
FreePer = Literal["day", "month"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One plan, named by its ``name``. Units: one recipient costs one, unless ``weights`` says otherwise.

    price: of a month, in ``currency`` (ISO 4217). monthly, daily, hourly: units of a window, None = no limit there.
    free: units that are used first, every day or month (``free_per``), beside ``monthly``. overage_price: of 1,000
    units beyond everything else, "" = the plan sells none and stops. weights: units of one recipient by the name or
    the kind of its stream. features: what the plan opens and limits besides sending, none = everything is open.
    """

    name: str
    currency: str = "EUR"
    price: str = "0"
    monthly: int | None = None
    daily: int | None = None
    hourly: int | None = None
    free: int = 0
    free_per: FreePer = "day"
    overage_price: str = ""
    weights: dict[str, int] = {}
    features: tuple[str, ...] = ()
    created: float = 0.0
    version: int = 0

    def weight(self, stream: str, kind: str = "") -> int:
        """Return the units of one recipient on a stream; the stream's own name wins over its kind."""
        return self.weights.get(stream, self.weights.get(kind, 1))


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """Units bought ahead; they do not expire. left: what is not used yet, as of the last metering."""

    id: str
    tenant: str
    units: int
    left: int
    price: str = "0"
    currency: str = "EUR"
    note: str = ""
    created: float = 0.0
