"""Values that rest sealed, whatever table they are in. Plain calls that may wait for the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from estafette.store.interface.page import Page, Paged


class SealedValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value under the keyring. table, key: where it rests; purpose, context: what it is bound to."""

    table: str
    purpose: str
    key: tuple[str, ...]
    sealed: bytes
    context: bytes


class Secrets(Protocol):
    """What resealing needs."""

    def places(self) -> Sequence[str]:
        """Return the tables in which values rest."""
        ...

    def values(self, table: str, page: Page) -> Paged[SealedValue]:
        """Return a page of the values of a table, by primary key."""
        ...

    def replace(self, values: Sequence[tuple[SealedValue, bytes]]) -> int:
        """Put new seals in place of old ones; what changed since is left alone. Return how many were put."""
        ...
