"""Receipts: what was answered under an idempotency key, so that asking twice sends once."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, packed. credential: whose key it is. digest: SHA-256 of the request. created: unix seconds."""

    credential: str
    key: str
    digest: bytes
    answer: bytes
    created: float


class Receipts(Protocol):
    """The keys of the last day. Plain calls that wait for the disk."""

    def find(self, credential: str, key: str) -> Receipt | None:
        """Return what was answered under a key."""
        ...

    def keep(self, receipt: Receipt, *, stale: float) -> Receipt | None:
        """Keep an answer unless there is one from ``stale`` or later; return that, None when this one is kept."""
        ...

    def replace(self, receipt: Receipt) -> None:
        """Put another answer under its key."""
        ...

    def prune(self, before: float) -> int:
        """Forget answers given before a moment; return how many."""
        ...
