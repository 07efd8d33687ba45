"""A pace: a stream that a rule or the operator has slowed, with the figures that led to it."""

from __future__ import annotations

import msgspec

#: Rules of the firewall that slow, and the pace of a stream that begins again.
RETURNS, UNKNOWN_USERS, BLOCKS, RESUME = "returns", "unknown_users", "blocks", "resume"


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a stream may go, everywhere or to one site.

    rule: name in ``trust.toml``, ``resume``, or ``operator``. rate: recipients an hour that may be attempted. usual:
    recipients of an hour in which it sent, of late; 0 unknown. numbers: the figures, as text. until: when it ends by
    itself at the latest, unix seconds; 0 = never. ended: when it ended; ended_by: the person who lifted it, "" when its
    rule or its time did. told: when its owner was told of it.
    """

    id: str
    tenant: str
    stream: str
    site: str = ""
    rule: str = "operator"
    rate: float = 0.0
    usual: float = 0.0
    numbers: dict[str, str] = {}
    created: float = 0.0
    until: float = 0.0
    ended: float | None = None
    ended_by: str = ""
    told: float | None = None
