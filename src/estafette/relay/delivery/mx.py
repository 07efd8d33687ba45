"""From a domain to the hosts that take its mail (RFC 5321 section 5.1, RFC 7505)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import msgspec

from estafette.model.event import Reply
from estafette.net.answers import MxAnswer
from estafette.net.resolver import Resolver
from estafette.relay.delivery.parcel import End
from estafette.relay.delivery.site import site_name

_NULL = End("bounced", Reply(556, "5.1.10", "the domain takes no mail (null MX)"), "null_mx")
_ABSENT = End("bounced", Reply(550, "5.1.2", "the domain does not exist"), "no_such_domain")
_LOOP = End("failed", Reply(554, "5.4.6", "the domain's mail exchanger is this server: mail would loop"), "mail_loop")


class Route(msgspec.Struct, frozen=True):
    """Hosts of a domain, best first; or the ``end`` its mail has without any."""

    domain: str
    kind: str
    site: str
    hosts: tuple[tuple[int, str], ...] = ()
    end: End | None = None


class Router:
    """Finds routes. hostname: our own name, which must not be among the hosts (5.4.6)."""

    def __init__(self, resolver: Resolver, providers: Sequence[tuple[str, str]], hostname: str) -> None:
        self._resolver = resolver
        self._providers = providers
        self._hostname = hostname.lower().rstrip(".")
        self._known: dict[str, tuple[MxAnswer, Route]] = {}

    async def route(self, domain: str) -> Route:
        """Return where a domain's mail goes; quick as long as the DNS answer is kept."""
        if domain.startswith("["):
            return _literal(domain)
        answer = await self._resolver.mx(domain)
        known = self._known.get(domain)
        if known is not None and known[0] is answer:
            return known[1]
        if len(self._known) > 50_000:
            self._known.clear()
        route = self._read(domain, answer)
        self._known[domain] = (answer, route)
        return route

    def _read(self, domain: str, answer: MxAnswer) -> Route:
        if answer.kind == "temporary":
            reply = Reply(451, "4.4.3", f"DNS does not answer for {domain}: {answer.detail}"[:512])
            end = End("deferred", reply, "dns_temporary", retry_after=None, site_failure=True)
            return Route(domain, answer.kind, domain, end=end)
        if answer.kind in ("null", "nxdomain"):
            return Route(domain, answer.kind, domain, end=_NULL if answer.kind == "null" else _ABSENT)
        ours = [preference for preference, host in answer.hosts if host == self._hostname]
        hosts = tuple(pair for pair in answer.hosts if not ours or pair[0] < min(ours))
        if not hosts:
            return Route(domain, answer.kind, domain, end=_LOOP)
        return Route(domain, answer.kind, site_name([host for _, host in answer.hosts], self._providers), hosts)


def _literal(domain: str) -> Route:
    """An address literal (RFC 5321 section 4.1.3) is its own and only host."""
    text = domain.strip("[]")
    text = text[5:] if text[:5].lower() == "ipv6:" else text
    try:
        address = str(ipaddress.ip_address(text))
    except ValueError:
        return Route(domain, "nxdomain", domain, end=_ABSENT)
    return Route(domain, "literal", domain, hosts=((0, address),))
