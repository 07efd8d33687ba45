"""Entries that stop mail, at any number: what the reader of the log, bulk acts and the hot path do with them.

Plain calls that may wait for the disk.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import msgspec

from estafette.store.interface.records import AuditEntry, Suppression


class Key(NamedTuple):
    """What one entry is about."""

    tenant: str
    stream: str
    address: str


#: Soft bounces of an address: (rule, day as unix seconds / 86,400) -> how many.
SoftBounces = Mapping[tuple[str, int], int]


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries of a tenant a list shows; those of persons known by a hash alone are in none.

    since, until: unix seconds, of ``created``. reasons, not_reasons: empty = any. wild: whole domains (True), addresses
    (False), both (None). words, not_words: each pair is a column (``address`` or ``reply``) and a text that it holds,
    or does not hold. any_words: a text that one of both holds. order: a column; limit, offset: which part is shown.
    """

    tenant: str
    since: float = 0.0
    until: float = 1e12
    reasons: tuple[str, ...] = ()
    not_reasons: tuple[str, ...] = ()
    address: str = ""
    wild: bool | None = None
    any_words: str = ""
    words: tuple[tuple[str, str], ...] = ()
    not_words: tuple[tuple[str, str], ...] = ()
    order: str = "created"
    descending: bool = True
    limit: int = 50
    offset: int = 0


class Bench(Protocol):
    """One transaction of the reader of the log: its place, and what it makes of events, together."""

    def position(self) -> int:
        """Return how far the log was read."""
        ...

    def move(self, position: int) -> None:
        """Write how far it is read."""
        ...

    def streams(self, tenants: Collection[str]) -> Mapping[str, Collection[str]]:
        """Return the streams of those tenants that there are."""
        ...

    def known(self, keys: Collection[Key]) -> Mapping[Key, Suppression]:
        """Return the entries that there are."""
        ...

    def soft(self, keys: Collection[Key]) -> Mapping[Key, SoftBounces]:
        """Return the soft bounces that count."""
        ...

    def put(self, entries: Sequence[Suppression]) -> None:
        """Write entries, over those that are there, and let every process know."""
        ...

    def remove(self, keys: Collection[Key]) -> None:
        """Remove entries, and let every process know."""
        ...

    def put_soft(self, counts: Mapping[Key, SoftBounces]) -> None:
        """Write what counts of addresses now; nothing left = forgotten."""
        ...


class Stops(Protocol):
    """Every act is one transaction."""

    def bench(self) -> AbstractContextManager[Bench]:
        """Open a transaction for the reader of the log."""
        ...

    def position(self) -> int:
        """Return how far the log was read."""
        ...

    def find(self, tenant: str, addresses: Collection[str]) -> Sequence[Suppression]:
        """Return the entries of some addresses, whatever their stream; for the hot path. StoreUnavailable."""
        ...

    def search(self, search: Search) -> tuple[int, Sequence[Suppression]]:
        """Return how many entries there are of a kind, and a part of them."""
        ...

    def count(self) -> int:
        """Return how many entries there are."""
        ...

    def write(self, entries: Sequence[Suppression], entry: AuditEntry | None, *, weak: bool = False) -> int:
        """Write entries in one transaction; return how many were new. weak: one that is there stays as it is."""
        ...

    def remove(self, keys: Sequence[Key], entry: AuditEntry | None) -> int:
        """Remove entries in one transaction; return how many there were."""
        ...

    def expire(self, now: float, limit: int) -> int:
        """Remove entries whose time is over, at most so many; return how many."""
        ...

    def forget_soft(self, before: int) -> int:
        """Forget soft bounces of days before one; return how many rows."""
        ...
