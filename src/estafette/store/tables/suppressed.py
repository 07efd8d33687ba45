"""Who gets no mail, as the hot path asks: one look for an address, whatever the number of streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from estafette.model.stream import Stream
from estafette.store.interface.records import SuppressionChanges, unnamed

#: What stops an address: the stream of the entry, "" for all of the tenant, and the reason.
Entry = tuple[str, str]
_PERSON = unnamed(b"")
#: Entries of the service above which they are not all in memory.
MANY = 20_000
#: Beginning of the address of an entry that stops a whole domain.
WILD = "*@"


class Suppressed:
    """Entries by tenant and address. Only ``apply`` changes it, and never during a look-up."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], tuple[Entry, ...]] = {}
        #: Tenants with entries of persons: only their recipients must be hashed to be looked for.
        self._unnamed: Counter[str] = Counter()
        #: Tenants with entries of whole domains.
        self._wild: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many addresses these are, of each tenant."""
        return len(self._entries)

    def copy(self) -> Suppressed:
        """Return one of its own that holds the same entries."""
        made = Suppressed()
        made._entries = dict(self._entries)
        made._unnamed = Counter(self._unnamed)
        made._wild = Counter(self._wild)
        return made

    def unnamed(self, tenant: str) -> bool:
        """Return whether somebody of a tenant is known by a keyed hash alone."""
        return bool(self._unnamed) and self._unnamed[tenant] > 0

    def apply(self, changes: SuppressionChanges) -> None:
        """Take over what was written and removed; what is removed first may be written again."""
        for tenant, stream, address in changes.gone:
            self._without(tenant, stream, address)
        for entry in changes.entries:
            kept = self._without(entry.tenant, entry.stream, entry.address)
            self._unnamed[entry.tenant] += entry.address.startswith(_PERSON)
            self._wild[entry.tenant] += entry.address.startswith(WILD)
            self._entries[entry.tenant, entry.address] = (*kept, (entry.stream, entry.reason))

    def reason(self, tenant: str, stream: str, address: str, streams: Mapping[tuple[str, str], Stream]) -> str:
        """Return why an address (lower case) gets no mail on a stream, "" when it may.

        An entry without a stream stops all; one of a stream stops that stream, or all when this is the stream's scope.
        """
        found = self._stops(tenant, stream, address, streams)
        if found or not (self._wild and self._wild[tenant]):
            return found
        return self._stops(tenant, stream, WILD + address.rpartition("@")[2], streams)

    def _stops(self, tenant: str, stream: str, address: str, streams: Mapping[tuple[str, str], Stream]) -> str:
        return stopping(self._entries.get((tenant, address), ()), tenant, stream, streams)

    def _without(self, tenant: str, stream: str, address: str) -> tuple[Entry, ...]:
        """Forget one entry; return the others of its address."""
        known = self._entries.get((tenant, address), ())
        kept = tuple(each for each in known if each[0] != stream)
        if len(kept) < len(known):
            self._unnamed[tenant] -= address.startswith(_PERSON)
            self._wild[tenant] -= address.startswith(WILD)
        if kept:
            self._entries[tenant, address] = kept
        else:
            self._entries.pop((tenant, address), None)
        return kept


def stopping(entries: Iterable[Entry], tenant: str, stream: str, streams: Mapping[tuple[str, str], Stream]) -> str:
    """Return the reason of the entry that stops a stream, "" when none does."""
    for origin, reason in entries:
        if origin in {"", stream}:
            return reason
        source = streams.get((tenant, origin))
        if source is not None and source.suppression == "tenant":
            return reason
    return ""
