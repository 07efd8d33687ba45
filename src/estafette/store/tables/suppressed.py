"""Who gets no mail, as the hot path asks: one look for an address, whatever the number of streams."""

from __future__ import annotations

from collections.abc import Mapping

from estafette.model.stream import Stream
from estafette.store.interface.records import SuppressionChanges

#: What stops an address: the stream of the entry, "" for all of the tenant, and the reason.
_Entry = tuple[str, str]


class Suppressed:
    """Entries by tenant and address. Only ``apply`` changes it, and never during a look-up."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], tuple[_Entry, ...]] = {}

    def copy(self) -> Suppressed:
        """Return one of its own that holds the same entries."""
        made = Suppressed()
        made._entries = dict(self._entries)
        return made

    def apply(self, changes: SuppressionChanges) -> None:
        """Take over what was written and removed; what is removed first may be written again."""
        for tenant, stream, address in changes.gone:
            self._without(tenant, stream, address)
        for entry in changes.entries:
            kept = self._without(entry.tenant, entry.stream, entry.address)
            self._entries[entry.tenant, entry.address] = (*kept, (entry.stream, entry.reason))

    def reason(self, tenant: str, stream: str, address: str, streams: Mapping[tuple[str, str], Stream]) -> str:
        """Return why an address (lower case) gets no mail on a stream, "" when it may.

        An entry without a stream stops all; one of a stream stops that stream, or all when this is the stream's scope.
        """
        for origin, reason in self._entries.get((tenant, address), ()):
            if origin in {"", stream}:
                return reason
            source = streams.get((tenant, origin))
            if source is not None and source.suppression == "tenant":
                return reason
        return ""

    def _without(self, tenant: str, stream: str, address: str) -> tuple[_Entry, ...]:
        """Forget one entry; return the others of its address."""
        kept = tuple(each for each in self._entries.get((tenant, address), ()) if each[0] != stream)
        if kept:
            self._entries[tenant, address] = kept
        else:
            self._entries.pop((tenant, address), None)
        return kept
