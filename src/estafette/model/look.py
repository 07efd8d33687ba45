"""A look at private mail: what breaks the glass, for whom, why, until when."""

from __future__ import annotations

import msgspec


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """An owner (``user``, shown as ``by``) may see the private mail of one credential until ``until``."""

    id: str
    tenant: str
    credential: str
    user: str
    by: str
    reason: str
    created: float = 0.0
    until: float = 0.0
