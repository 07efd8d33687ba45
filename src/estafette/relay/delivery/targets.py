"""Where one attempt may go: hosts in order of preference, their addresses, and the caps on trying."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import AsyncGenerator, Container, Sequence

import msgspec

from estafette.model.event import Reply
from estafette.net.resolver import Resolver
from estafette.relay.delivery.parcel import End
from estafette.relay.delivery.sources import Sources

#: Addresses tried in one attempt, and sessions held, whatever the DNS lists.
MAX_ADDRESSES = 5
MAX_SESSIONS = 2


class Target(msgspec.Struct, frozen=True):
    """One address of one host."""

    host: str
    address: str


class Targets:
    """Addresses to try, best host first, equal ones in random order; why there were none stands in ``end``.

    own: addresses that are ourselves; a target among them would be a loop.
    """

    def __init__(self, resolver: Resolver, sources: Sources, own: Container[str]) -> None:
        self._resolver = resolver
        self._sources = sources
        self._own = own
        self.end: End | None = None

    async def of(self, hosts: Sequence[tuple[int, str]], *, literal: bool) -> AsyncGenerator[Target, None]:
        """Yield targets. literal: a host may itself be an address; never so for what an MX record names."""
        # Load is spread over equal preferences as RFC 5321 section 5.1 asks; chance need not be unguessable.
        order = sorted(hosts, key=lambda pair: (pair[0], random.random()))  # noqa: S311
        for _, host in order:
            for address in (host,) if literal and _is_address(host) else await self._addresses(host):
                if address in self._own:
                    self._note(
                        End(
                            "failed",
                            Reply(554, "5.4.6", f"{host} is this server: mail would loop"),
                            "mail_loop",
                        )
                    )
                elif self._sources.v6 if ":" in address else self._sources.v4:
                    yield Target(host, address)

    async def _addresses(self, host: str) -> tuple[str, ...]:
        answer = await self._resolver.addresses(host, v6=self._sources.v6)
        if answer.kind == "temporary":
            reply = Reply(451, "4.4.3", f"DNS does not answer for {host}: {answer.detail}"[:512])
            self._note(End("deferred", reply, "dns_temporary", site_failure=True))
        elif (
            answer.kind == "none" and not self._sources.v6 and (await self._resolver.addresses(host, v6=True)).addresses
        ):
            words = f"{host} has IPv6 addresses only, and no IPv6 source is listed here"
            self._note(End("failed", Reply(550, "5.4.4", words), "no_ipv6_source"))
        elif answer.kind == "none":
            self._note(End("bounced", Reply(550, "5.4.4", f"{host} has no address"), "host_without_address"))
        return answer.addresses

    def _note(self, end: End) -> None:
        """Keep the mildest end: what may still heal outranks what never will."""
        if self.end is None or (end.verdict == "deferred" and self.end.verdict != "deferred"):
            self.end = end


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
