"""An anomaly: a stretch of time in which something of a tenant was far from its own past, told once."""

from __future__ import annotations

from typing import Literal

import msgspec

AnomalyKind = Literal[
    "bounce", "deferral", "complaint", "volume_up", "volume_down", "complaint_rate", "hard_bounces", "unknown_users",
    "blocks",
]  # fmt: skip
ANOMALY_KINDS: tuple[AnomalyKind, ...] = (
    "bounce",
    "deferral",
    "complaint",
    "volume_up",
    "volume_down",
    "complaint_rate",
    "hard_bounces",
    "unknown_users",
    "blocks",
)
#: Kinds that the reputation firewall begins and ends, and all that a limit does: no look at the past ends them.
OF_FIREWALL: frozenset[AnomalyKind] = frozenset({"hard_bounces", "unknown_users", "blocks"})
OF_LIMITS = OF_FIREWALL | {"complaint_rate"}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one look found. at: unix seconds of the end of what was looked at. span: its length in hours.

    events, base: what was counted; base 0 for a volume. usual: the share, or the amount, that is usual. chance: how
    probable it is while all is as usual, 0 for a volume. least, most: of comparable hours of the past, for a volume.
    stream: of kinds that are compared with a limit (``usual``) and not with the past (``OF_LIMITS``); else "". site: of
    ``blocks``, where it happened.
    """

    kind: AnomalyKind
    at: float
    span: int
    events: int
    base: int = 0
    usual: float = 0.0
    chance: float = 0.0
    least: int = 0
    most: int = 0
    stream: str = ""
    site: str = ""


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """An episode. begun: when it was found. seen: when it was found last. ended: None while it lasts.

    first, worst: what was found at its beginning, and at its worst. told: when the tenant was written to, None before.
    """

    id: str
    tenant: str
    kind: AnomalyKind
    begun: float
    seen: float
    first: Finding
    worst: Finding
    ended: float | None = None
    told: float | None = None
