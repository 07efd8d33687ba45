"""Addresses that no stranger's DNS may lead us to: the special-use registries of IANA (RFC 6890), as a table.

An MX record is hostile input: pointing it at 127.0.0.1 or 169.254.169.254 must not turn the relay into a probe.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from estafette.base.errors import ConfigFault

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

#: network -> what it is. First match wins, so the narrow ones come first.
RANGES: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this network, RFC 791"),
    ("10.0.0.0/8", "private, RFC 1918"),
    ("100.64.0.0/10", "carrier NAT, RFC 6598"),
    ("127.0.0.0/8", "loopback, RFC 1122"),
    ("169.254.0.0/16", "link local, RFC 3927"),
    ("172.16.0.0/12", "private, RFC 1918"),
    ("192.0.0.0/24", "protocol assignments, RFC 6890"),
    ("192.0.2.0/24", "documentation, RFC 5737"),
    ("192.88.99.0/24", "6to4 relay, RFC 7526"),
    ("192.168.0.0/16", "private, RFC 1918"),
    ("198.18.0.0/15", "benchmarking, RFC 2544"),
    ("198.51.100.0/24", "documentation, RFC 5737"),
    ("203.0.113.0/24", "documentation, RFC 5737"),
    ("224.0.0.0/4", "multicast, RFC 5771"),
    ("240.0.0.0/4", "reserved, RFC 1112"),
    ("::/128", "unspecified, RFC 4291"),
    ("::1/128", "loopback, RFC 4291"),
    ("::ffff:0:0/96", "IPv4-mapped, RFC 4291"),
    ("::/96", "IPv4-compatible, RFC 4291"),
    ("64:ff9b::/96", "NAT64, RFC 6052"),
    ("64:ff9b:1::/48", "NAT64, RFC 8215"),
    ("100::/64", "discard only, RFC 6666"),
    ("2001::/23", "protocol assignments with Teredo, RFC 2928"),
    ("2001:db8::/32", "documentation, RFC 3849"),
    ("2002::/16", "6to4, RFC 3056"),
    ("3fff::/20", "documentation, RFC 9637"),
    ("5f00::/16", "segment routing, RFC 9602"),
    ("fc00::/7", "unique local, RFC 4193"),
    ("fe80::/10", "link local, RFC 4291"),
    ("fec0::/10", "site local, RFC 3879"),
    ("ff00::/8", "multicast, RFC 4291"),
)
_TABLE: tuple[tuple[IPNetwork, str], ...] = tuple((ipaddress.ip_network(net), why) for net, why in RANGES)


@lru_cache(maxsize=4096)
def special_use(address: str) -> str:
    """Return what kind of special-use address this is, empty for an ordinary one; anything unreadable is special."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "not an address"
    return next((why for network, why in _TABLE if ip.version == network.version and ip in network), "")


class Guard:
    """Says which addresses may be connected to.

    allow: networks the operator opened, such as ``10.1.0.0/16``. ConfigFault for one that is none names ``place``.
    """

    def __init__(self, allow: Iterable[str] = (), *, place: str = "delivery.allow_networks") -> None:
        self._allow: list[IPNetwork] = []
        for text in allow:
            try:
                self._allow.append(ipaddress.ip_network(text, strict=False))
            except ValueError:
                raise ConfigFault(
                    f"{text!r} is not a network",
                    place=place,
                    fix="write it as 10.1.0.0/16 or fd00::/8",
                ) from None

    def refuses(self, address: str) -> str:
        """Return why an address must not be connected to, empty when it may."""
        why = special_use(address)
        if not why:
            return ""
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return why
        return "" if any(ip.version == net.version and ip in net for net in self._allow) else why
