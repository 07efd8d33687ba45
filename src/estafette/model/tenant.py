"""A tenant: one organisation that sends."""

from __future__ import annotations

from typing import Literal

import msgspec

from estafette.model.plan import Overage
from estafette.model.stream import Tracking
from estafette.model.user import Language

TenantStatus = Literal["active", "suspended"]
Trust = Literal["full", "ramp"]


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """One organisation. ``reason`` says why it is suspended; ``show_id`` puts X-Estafette-Id on the wire.

    queued_limit: recipients that may wait in the queue at once, None = unlimited. version: grows with every change.
    plan: its name, "" = unlimited. timezone: IANA name, for its windows; anchor: the instant from which its months are
    counted, 0 = since created. overage: what happens beyond the plan, its own choice. alert_to: who is told of it.
    trust: "ramp" limits a new tenant day by day until it has shown what it sends.
    parent: id of the agency whose client this is, "" for none. language: in which its people are written to, "" = the
    service's. tracking: the most that any of its streams may measure.
    """

    id: str
    name: str
    status: TenantStatus = "active"
    reason: str = ""
    plan: str = ""
    identity: str = ""
    postal_address: str = ""
    show_id: bool = True
    created: float = 0.0
    queued_limit: int | None = None
    timezone: str = "UTC"
    anchor: float = 0.0
    overage: Overage = "stop"
    alert_to: str = ""
    trust: Trust = "full"
    parent: str = ""
    language: Language | Literal[""] = ""
    tracking: Tracking = "individual"
    version: int = 0
