"""What the name servers of a zone themselves say: no cache in between, and whether they agree."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import msgspec

from estafette.net.resolver import LIFETIME, Resolver, absolute, text_of
from estafette.net.special import Guard

#: Name servers of a zone that are asked, and seconds for one of them.
MOST_SERVERS = 8
TIMEOUT = 3.0
MOST_VALUES = 50


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one type at one name. values: of all servers, each once; with final dots where names stand.

    zone: the zone that holds the name, without final dot. asked: servers that answered; lacking: of them, those that
    do not have everything that another has; silent: those that did not answer. known: False when nobody could say.
    """

    values: tuple[str, ...] = ()
    zone: str = ""
    asked: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    known: bool = True


class Authority:
    """Finds the servers of a name's zone by the given resolvers, and asks each of them.

    A stranger's zone may name any address as its server: those of special-use ranges are asked only when ``allow``
    names them. port: where name servers listen. lifetime: seconds that the resolvers have for one question.
    """

    def __init__(
        self, servers: Sequence[tuple[str, int]], *, allow: Iterable[str] = (), port: int = 53,
        lifetime: float = LIFETIME,
    ) -> None:  # fmt: skip
        self._resolver = Resolver(list(servers), lifetime=lifetime)
        self._guard = Guard(allow)
        self._port = port

    async def look(self, name: str, kind: str) -> Seen:
        """Return the records of a type (TXT, MX, CNAME) that a name has now."""
        self._resolver.forget()
        zone = await self._resolver.zone(name)
        if not zone:
            return await self._by_resolver(name, kind, "")
        hosts = (await self._resolver.hosts_of(zone))[:MOST_SERVERS]
        answers = await asyncio.gather(*(self._ask(host, name, kind) for host in hosts))
        told = {host: values for host, values in zip(hosts, answers, strict=True) if values is not None}
        shown = zone.rstrip(".")
        if not told:
            return await self._by_resolver(name, kind, shown)
        union = tuple(dict.fromkeys(value for values in told.values() for value in values))[:MOST_VALUES]
        return Seen(
            values=union, zone=shown, asked=tuple(told),
            lacking=tuple(host for host, values in told.items() if set(union) - set(values)),
            silent=tuple(host for host in hosts if host not in told),
        )  # fmt: skip

    async def _by_resolver(self, name: str, kind: str, zone: str) -> Seen:
        answer = await self._resolver.values(name, kind)
        return Seen(values=answer.texts[:MOST_VALUES], zone=zone, known=answer.kind != "temporary")

    async def _ask(self, host: str, name: str, kind: str) -> tuple[str, ...] | None:
        """Return what one server has, None when it does not say."""
        addresses = (await self._resolver.addresses(host, v6=False)).addresses
        for address in addresses[:2]:
            if not self._guard.refuses(address):
                found = await self._question(address, name, kind)
                if found is not None:
                    return found
        return None

    async def _question(self, address: str, name: str, kind: str) -> tuple[str, ...] | None:
        question = dns.message.make_query(absolute(name), kind, flags=dns.flags.Flag(0))
        try:
            answer, _ = await dns.asyncquery.udp_with_fallback(question, address, TIMEOUT, self._port)
        except (dns.exception.DNSException, OSError, EOFError):
            return None
        if answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN} or not answer.flags & dns.flags.AA:
            return None
        wanted = dns.rdatatype.from_text(kind)
        values = tuple(text_of(data) for rrset in answer.answer if rrset.rdtype == wanted for data in rrset)
        alias = any(rrset.rdtype == dns.rdatatype.CNAME for rrset in answer.answer)
        if not values and alias and wanted != dns.rdatatype.CNAME:
            # The alias leads out of this zone: whoever receives mail follows it with a resolver too.
            return (await self._resolver.values(name, kind)).texts
        return values
