"""Addresses that a webhook may have, as far as the address itself tells; the rest is decided at every connection."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from estafette.base.errors import Fault
from estafette.config.schema import Settings
from estafette.net.ports import speaks_http
from estafette.net.special import Guard

LONGEST = 2_000


class BadTarget(Fault):
    """The address is none that can be called."""

    code = "bad_url"

    def __init__(self, cause: str, fix: str) -> None:
        super().__init__(cause, place="url", fix=fix)


class Targets:
    """allow_http: also without TLS. allow: networks of special use that are open. own: host names of this service."""

    def __init__(self, *, allow_http: bool = False, allow: Collection[str] = (), own: Collection[str] = ()) -> None:
        self._allow_http = allow_http
        self._guard = Guard(allow, place="outgoing.allow_networks")
        self._own = frozenset(name.lower().rstrip(".") for name in own if name)

    def check(self, url: str) -> None:
        """Raise BadTarget unless calls may go to an address; its user and password are apart by now."""
        parts, host, port = _read(url)
        if parts.scheme == "http" and not self._allow_http:
            raise BadTarget("calls go over TLS only", "write https://; the operator may set webhooks.allow_http")
        if not speaks_http(port):
            raise BadTarget(f"port {port} is not one of HTTP", "use 443, or one above 1023")
        if host in self._own:
            raise BadTarget("the address leads back to this service", "name your own")
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return
        if why := self._guard.refuses(host):
            raise BadTarget(f"{host} is not public: {why}", "name a public one; the operator opens networks")


def of_settings(settings: Settings) -> Targets:
    """Return which addresses a service calls."""
    service = settings.service
    public = urlsplit(service.public_url).hostname or ""
    names = {service.hostname, public, *(name for hosts in settings.dialects.values() for name in hosts)}
    return Targets(
        allow_http=settings.webhooks.allow_http, allow=settings.outgoing.allow_networks,
        own=names - {"localhost", "127.0.0.1"},
    )  # fmt: skip


def _read(url: str) -> tuple[SplitResult, str, int]:
    fix = "write it as https://shop.example/hooks"
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST:
        raise BadTarget("the address holds what an address cannot hold, or is too long", fix)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadTarget("the address cannot be read", fix) from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise BadTarget("this is no https address", fix)
    if parts.fragment:
        raise BadTarget("what stands behind # is never sent", "leave it out")
    usual = 443 if parts.scheme == "https" else 80
    return parts, parts.hostname.lower().rstrip("."), usual if port is None else port
