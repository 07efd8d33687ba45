"""DNS questions of a mail relay: the one door to dnspython.

Every answer is cached for its TTL, failures for a few seconds, and a question that is being asked is asked once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
import dns.reversename
import idna

from estafette.net.answers import AddressAnswer, MxAnswer, TxtAnswer
from estafette.net.memo import Memo

#: Seconds for one question, all servers and the TCP retry of a truncated answer included.
LIFETIME = 20.0
#: Seconds that a failure to answer is remembered.
TROUBLE_TTL = 10.0
MIN_TTL = 5.0
MAX_TTL = 86400.0
MAX_HOSTS = 20
MAX_ADDRESSES = 20
_NEGATIVE_TTL = 300.0

Found = tuple[list[str], float]


class _Unknown(Exception):
    """Nobody could say; the words are for the log."""


class _Absent(Exception):
    """The name does not exist (``exists`` False), or has no such record. ttl: how long that may be believed."""

    def __init__(self, ttl: float, *, exists: bool) -> None:
        super().__init__()
        self.ttl = ttl
        self.exists = exists


class Resolver:
    """Asks the given servers, or those of the system when there are none.

    servers: (host, port). lifetime: seconds for one question.
    """

    def __init__(self, servers: Sequence[tuple[str, int]] = (), *, lifetime: float = LIFETIME) -> None:
        self._dns = dns.asyncresolver.Resolver(configure=not servers)
        if servers:
            self._dns.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in servers]
        self._dns.lifetime = lifetime
        self._dns.timeout = max(lifetime / 4, 0.2)
        self._dns.cache = None
        self._memo = Memo()

    async def mx(self, domain: str) -> MxAnswer:
        """Return where a domain takes mail."""
        return cast("MxAnswer", await self._memo.get(("mx", domain), lambda: self._mx(domain)))

    async def addresses(self, host: str, v6: bool) -> AddressAnswer:
        """Return a host's addresses, IPv6 first when ``v6``, else IPv4 only."""
        four = await self._addresses(host, "A")
        if not v6:
            return four
        six = await self._addresses(host, "AAAA")
        found = six.addresses + four.addresses
        if found:
            return AddressAnswer("found", found, min(a.ttl for a in (four, six) if a.addresses))
        return four if four.kind == "temporary" else six

    async def txt(self, name: str) -> TxtAnswer:
        """Return the TXT records of a name."""
        return cast("TxtAnswer", await self._memo.get(("txt", name), lambda: self._texts(name, "TXT")))

    async def names(self, address: str) -> TxtAnswer:
        """Return the names that an IP address has (PTR, RFC 1035 section 3.5), with final dots."""
        reverse = dns.reversename.from_address(address).to_text()
        return cast("TxtAnswer", await self._memo.get(("ptr", reverse), lambda: self._texts(reverse, "PTR")))

    async def values(self, name: str, kind: str) -> TxtAnswer:
        """Return the records of any type that a name has, as a zone file has them."""
        return cast("TxtAnswer", await self._memo.get((f"any {kind}", name), lambda: self._texts(name, kind)))

    async def zone(self, name: str) -> str:
        """Return the zone that holds a name, with its final dot; "" when nobody can say."""
        try:
            found = await dns.asyncresolver.zone_for_name(absolute(name), resolver=self._dns)
        except (dns.exception.DNSException, OSError, EOFError, idna.IDNAError, UnicodeError):
            return ""
        return found.to_text()

    async def hosts_of(self, zone: str) -> tuple[str, ...]:
        """Return the names of a zone's servers, without final dots."""
        return tuple(sorted({host.rstrip(".").lower() for host in (await self.values(zone, "NS")).texts}))

    def forget(self) -> None:
        """Drop everything remembered."""
        self._memo.clear()

    async def _addresses(self, host: str, kind: str) -> AddressAnswer:
        ask: Callable[[], Awaitable[AddressAnswer]] = lambda: self._ask_addresses(host, kind)  # noqa: E731
        return cast("AddressAnswer", await self._memo.get((kind, host), ask))

    async def _mx(self, domain: str) -> MxAnswer:
        try:
            records, ttl = await self._ask(domain, "MX")
        except _Unknown as trouble:
            return MxAnswer("temporary", ttl=TROUBLE_TTL, detail=str(trouble))
        except _Absent as absent:
            kind = "implicit" if absent.exists else "nxdomain"
            return MxAnswer(kind, ((0, domain),) if absent.exists else (), absent.ttl)  # type: ignore[arg-type]
        hosts = sorted({(int(p), h.rstrip(".").lower()) for p, _, h in (r.partition(" ") for r in records)})
        # RFC 7505 section 3: "." alone says that the domain takes no mail; beside others it is an error to skip.
        named = tuple(pair for pair in hosts if pair[1])
        return MxAnswer("mx" if named else "null", named[:MAX_HOSTS], ttl)

    async def _ask_addresses(self, host: str, kind: str) -> AddressAnswer:
        try:
            records, ttl = await self._ask(host, kind)
        except _Unknown as trouble:
            return AddressAnswer("temporary", (), TROUBLE_TTL, str(trouble))
        except _Absent as absent:
            return AddressAnswer("none", (), absent.ttl)
        return AddressAnswer("found", tuple(records[:MAX_ADDRESSES]), ttl)

    async def _texts(self, name: str, kind: str) -> TxtAnswer:
        try:
            records, ttl = await self._ask(name, kind)
        except _Unknown as trouble:
            return TxtAnswer("temporary", (), TROUBLE_TTL, str(trouble))
        except _Absent as absent:
            return TxtAnswer("none", (), absent.ttl)
        return TxtAnswer("found", tuple(records), ttl)

    async def _ask(self, name: str, kind: str) -> Found:
        try:
            answer = await self._dns.resolve(absolute(name), kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN as error:
            raise _Absent(_negative_ttl(list(error.kwargs.get("responses", {}).values())), exists=False) from None
        except (dns.resolver.YXDOMAIN, dns.name.BadEscape, dns.name.LabelTooLong, dns.name.EmptyLabel):
            raise _Absent(MAX_TTL, exists=False) from None
        except (dns.name.NameTooLong, idna.IDNAError, UnicodeError):
            raise _Absent(MAX_TTL, exists=False) from None
        except (dns.exception.DNSException, OSError, EOFError) as error:
            raise _Unknown(f"{kind} {name}: {type(error).__name__}") from None
        if answer.rrset is None:
            raise _Absent(_negative_ttl([answer.response]), exists=True)
        ttl = min(max(float(answer.rrset.ttl), MIN_TTL), MAX_TTL)
        return [text_of(record) for record in answer.rrset], ttl


def absolute(name: str) -> dns.name.Name:
    """Return a name as DNS has it, in A-labels."""
    if not name.isascii():
        name = idna.encode(name, uts46=True).decode("ascii")
    return dns.name.from_text(name)


def text_of(record: object) -> str:
    """Return a record's value as a zone file has it; the strings of a TXT record joined."""
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "replace")
    return str(record)


def _negative_ttl(responses: Sequence[object]) -> float:
    """RFC 2308 section 5: the lesser of the SOA's TTL and its minimum field."""
    for response in responses:
        if isinstance(response, dns.message.Message):
            for rrset in response.authority:
                if rrset.rdtype == dns.rdatatype.SOA:
                    return min(max(float(min(rrset.ttl, rrset[0].minimum)), MIN_TTL), 3600.0)
    return _NEGATIVE_TTL
