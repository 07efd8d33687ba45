"""Values that rest sealed, whatever table they are in. Plain calls that may wait for the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from estafette.store.interface.page import Page, Paged


class SealedValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value under the keyring. key: primary key of its row; context: what it is bound to."""

    purpose: str
    key: tuple[str, ...]
    sealed: bytes
    context: bytes


class Secrets(Protocol):
    """What resealing needs."""

    def purposes(self) -> Sequence[str]:
        """Return the purposes under which values rest."""
        ...

    def values(self, purpose: str, page: Page) -> Paged[SealedValue]:
        """Return a page of the values of a purpose, by primary key."""
        ...

    def replace(self, values: Sequence[tuple[SealedValue, bytes]]) -> int:
        """Put new seals in place of old ones; what changed since is left alone. Return how many were put."""
        ...
