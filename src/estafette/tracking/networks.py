"""Networks from which machines come, and the longest prefix that holds an address."""

from __future__ import annotations

import ipaddress
from importlib import resources

import msgspec

from estafette.base.errors import ConfigFault
from estafette.model.tracking import Agent
from estafette.tracking.agents import Certainty, Scope, within


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """A list of prefixes of one operator: what a hit from there is, on which hits, and how surely."""

    name: str
    agent: Agent
    scope: Scope = "all"
    certainty: Certainty = "certain"
    prefixes: tuple[str, ...] = ()
    source: str
    date: str

    def says(self, kind: str) -> bool:
        """Whether it says something of an ``opened`` or a ``clicked``."""
        return within(self.scope, kind)


class _Sheet(msgspec.Struct, frozen=True):
    network: tuple[Network, ...]


class Networks:
    """Every list, searched by address."""

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self._held: dict[tuple[int, int], dict[int, Network]] = {}
        for network in networks:
            for prefix in network.prefixes:
                block = ipaddress.ip_network(prefix)
                shift = block.max_prefixlen - block.prefixlen
                self._held.setdefault((block.version, shift), {})[int(block.network_address) >> shift] = network
        self._shifts = sorted(self._held, key=lambda key: key[1])

    def of(self, address: str) -> Network | None:
        """Return the list with the longest prefix that holds an address; None for none, and for what is no address."""
        if not self._held:
            return None
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        number = int(parsed)
        found = (self._held[key].get(number >> key[1]) for key in self._shifts if key[0] == parsed.version)
        return next((network for network in found if network is not None), None)


def load(text: bytes | None = None, *, more: bytes = b"", place: str = "networks.toml") -> Networks:
    """Read the shipped lists, or ``text``, and ``more`` of the same form from ``place``; ConfigFault when damaged."""
    if text is None:
        text = resources.files(__package__).joinpath("networks.toml").read_bytes()
    try:
        lists = msgspec.toml.decode(text, type=_Sheet).network
        lists += msgspec.toml.decode(more, type=_Sheet).network if more else ()
        return Networks(lists)
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigFault(
            f"the list of networks cannot be read: {error}", place=place, fix="correct the entry"
        ) from error
