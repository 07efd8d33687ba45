"""Who agreed to be measured and who refused, as the hot path asks: eight octets a person, one look of a microsecond."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Literal

from estafette.store.interface.consents import ConsentChanges, head_of

#: Up to one for so many that are held, heads are put in one by one; more of them are sorted in at once.
_SHARE = 64


class Heads:
    """A set of 64-bit numbers in one sorted array: 8 MB for a million."""

    def __init__(self, heads: array[int] | None = None) -> None:
        self._held = array("Q") if heads is None else heads

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, head: int) -> bool:
        place = bisect_left(self._held, head)
        return place < len(self._held) and self._held[place] == head

    def copy(self) -> Heads:
        """Return one of its own that holds the same."""
        return Heads(self._held[:])

    def take(self, heads: array[int]) -> None:
        """Add numbers, ascending."""
        if len(heads) * _SHARE > len(self._held):
            self._held = array("Q", sorted({*self._held, *heads})) if self._held else heads[:]
            return
        for head in heads:
            place = bisect_left(self._held, head)
            if place == len(self._held) or self._held[place] != head:
                self._held.insert(place, head)

    def drop(self, heads: Iterable[int]) -> None:
        """Take numbers out; those that are not there are none."""
        for head in heads if self._held else ():
            place = bisect_left(self._held, head)
            if place < len(self._held) and self._held[place] == head:
                del self._held[place]


class Agreed:
    """Granted and refused by tenant. Only ``apply`` changes it, and never during a look-up."""

    def __init__(self) -> None:
        self._granted: dict[str, Heads] = {}
        self._refused: dict[str, Heads] = {}

    def copy(self) -> Agreed:
        """Return one of its own that holds the same."""
        made = Agreed()
        made._granted = {tenant: heads.copy() for tenant, heads in self._granted.items()}
        made._refused = {tenant: heads.copy() for tenant, heads in self._refused.items()}
        return made

    def apply(self, changes: ConsentChanges) -> None:
        """Take over who said what; the last word counts."""
        kinds = ((changes.granted, self._granted, self._refused), (changes.refused, self._refused, self._granted))
        for said, mine, other in kinds:
            for tenant, heads in said.items():
                mine.setdefault(tenant, Heads()).take(heads)
                other.setdefault(tenant, Heads()).drop(heads)

    def knows(self, tenant: str) -> bool:
        """Whether anybody of a tenant ever said anything."""
        return tenant in self._granted

    def withdrawn(self, tenant: str, person: bytes) -> bool:
        """Whether a person (``person_of``) has denied or withdrawn consent."""
        refused = self._refused.get(tenant)
        return refused is not None and head_of(person) in refused

    def answer(self, tenant: str, person: bytes) -> Literal["granted", "refused", ""]:
        """Return what a person last said, "" for nothing."""
        if tenant in self._granted and head_of(person) in self._granted[tenant]:
            return "granted"
        return "refused" if self.withdrawn(tenant, person) else ""
