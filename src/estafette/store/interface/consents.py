"""Consents: who agreed to be measured, who refused, and the proof. Plain calls that may wait for the disk."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from estafette.model.consent import Consent, ConsentAct, ConsentState
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry


class ConsentChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What is known since some version, as of ``version``: for each tenant the heads of persons, ascending.

    A head is the first eight octets of a person as a number (``head_of``), kept in arrays of eight octets each.
    """

    version: int
    granted: Mapping[str, array[int]] = {}
    refused: Mapping[str, array[int]] = {}

    @property
    def count(self) -> int:
        """Return how many persons these are."""
        return sum(len(heads) for kind in (self.granted, self.refused) for heads in kind.values())


def head_of(person: bytes) -> int:
    """Return the part of a keyed hash that is looked for in memory: of 64 bits, so two persons share one never."""
    return int.from_bytes(person[:8], "big")


class Consents(Protocol):
    """States by person, and every act that led to them."""

    def changes(self, since: int) -> ConsentChanges:
        """Return who said what after a version; 0 = all there are."""
        ...

    def record(self, acts: Sequence[ConsentAct], texts: Mapping[bytes, str], entry: AuditEntry) -> Sequence[Consent]:
        """Keep acts of one tenant, in order, with the texts of their digests; return the state of each person after.

        An act older than what holds is kept as proof and changes nothing; one that is kept already is not kept again.
        """
        ...

    def states(self, tenant: str, persons: Collection[bytes]) -> Sequence[Consent]:
        """Return what holds for those of some persons who ever said anything."""
        ...

    def list(self, page: Page, *, tenant: str, state: ConsentState | None = None) -> Paged[Consent]:
        """Return a page of states, by person."""
        ...

    def acts(self, tenant: str, person: bytes) -> Sequence[ConsentAct]:
        """Return the proof of one person, oldest first."""
        ...

    def texts(self, tenant: str, digests: Collection[bytes]) -> Mapping[bytes, str]:
        """Return texts by their digests."""
        ...
