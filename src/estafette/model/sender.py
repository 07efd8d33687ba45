"""A single address that a tenant may send from without having proved its domain."""

from __future__ import annotations

from typing import Literal

import msgspec

SenderStatus = Literal["pending", "verified"]


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """One address, in lower case. token_sha256: of the link that was mailed to it; the link works until ``expires``."""

    id: str
    tenant: str
    address: str
    token_sha256: bytes
    status: SenderStatus = "pending"
    created: float = 0.0
    expires: float = 0.0
    verified: float | None = None
    version: int = 0
