"""Whether an address of ours has the name it greets with, both ways (RFC 1912 section 2.1; FCrDNS)."""

from __future__ import annotations

import socket
from typing import Literal

import msgspec

from estafette.net.resolver import Resolver

#: Nothing is sent there: the system only says from where it would be.
_ELSEWHERE = ("198.51.100.1", 53)


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """What DNS says of an address. state: ``good``, ``wrong``, or ``unknown`` when nobody can say. cause: in words."""

    address: str
    name: str
    state: Literal["good", "wrong", "unknown"]
    cause: str = ""


async def naming(resolver: Resolver, address: str, name: str) -> Naming:
    """Look whether an address is named back and forth. name: what it says in EHLO."""
    back = await resolver.names(address)
    names = [each.rstrip(".").lower() for each in back.texts]
    if back.kind == "temporary":
        return Naming(address=address, name=name, state="unknown", cause=back.detail or "no answer")
    if name.lower() not in names:
        said = f"is named {names[0]}, and greets as {name}" if names else "has no name (PTR)"
        return Naming(address=address, name=name, state="wrong", cause=f"{address} {said}")
    forth = await resolver.addresses(name, v6=True)
    if forth.kind == "temporary":
        return Naming(address=address, name=name, state="unknown", cause=forth.detail or "no answer")
    if address not in forth.addresses:
        cause = f"{address} is named {name}, but {name} has not the address {address}"
        return Naming(address=address, name=name, state="wrong", cause=cause)
    return Naming(address=address, name=name, state="good", cause=f"{address} is {name}, and back")


def system_address() -> str:
    """Return the IPv4 address from which the system would connect to the world, "" when it cannot."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
        return address
