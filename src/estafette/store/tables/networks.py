"""Which credential a client address itself is: longest prefix first."""

from __future__ import annotations

import ipaddress

_Place = tuple[int, int, int]


class Networks:
    """Holders by network; the most specific network that contains an address answers."""

    def __init__(self) -> None:
        self._held: dict[_Place, tuple[str, ...]] = {}
        self._lengths: dict[int, dict[int, int]] = {4: {}, 6: {}}  # version -> prefix length, longest first -> networks

    def add(self, text: str, holder: str) -> None:
        """Let a network (CIDR) stand for a holder; where several claim one, the first does."""
        place = _place(text)
        if place not in self._held:
            self._count(place, 1)
        self._held[place] = (*self._held.get(place, ()), holder)

    def remove(self, text: str, holder: str) -> None:
        """Take a network from a holder."""
        place = _place(text)
        left = tuple(other for other in self._held.get(place, ()) if other != holder)
        if left:
            self._held[place] = left
        elif self._held.pop(place, None) is not None:
            self._count(place, -1)

    def find(self, address: str) -> str | None:
        """Return the holder of an address in text form, None for strangers and for what is no address."""
        if not self._held:
            return None
        try:
            client = ipaddress.ip_address(address)
        except ValueError:
            return None
        if isinstance(client, ipaddress.IPv6Address):
            client = client.ipv4_mapped or client
        number = int(client)
        for length in self._lengths[client.version]:
            drop = client.max_prefixlen - length
            holders = self._held.get((client.version, length, number >> drop << drop))
            if holders is not None:
                return holders[0]
        return None

    def copy(self) -> Networks:
        """Return networks of their own that hold the same."""
        made = Networks()
        made._held = dict(self._held)
        made._lengths = {version: dict(lengths) for version, lengths in self._lengths.items()}
        return made

    def _count(self, place: _Place, step: int) -> None:
        version, length, _ = place
        counts = self._lengths[version]
        counts[length] = counts.get(length, 0) + step
        self._lengths[version] = {each: counts[each] for each in sorted(counts, reverse=True) if counts[each]}


def _place(text: str) -> _Place:
    network = ipaddress.ip_network(text)
    return network.version, network.prefixlen, int(network.network_address)
