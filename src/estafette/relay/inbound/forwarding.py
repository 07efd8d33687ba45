"""Opening sessions to companies' own servers: names, addresses that may be connected to, TLS where it is offered."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Collection, Iterable
from functools import partial

from estafette.base import log
from estafette.base.errors import Refusal
from estafette.base.metrics import counter
from estafette.net import client_tls
from estafette.net.connect import ConnectFault, open_connection
from estafette.net.resolver import Resolver
from estafette.net.special import Guard, special_use
from estafette.relay.inbound.connection import Connection, Lost
from estafette.relay.inbound.target import Target
from estafette.smtp.answer import TlsUse
from estafette.smtp.handover import Handover

#: Seconds for TCP, for everything until a session is open, and addresses tried.
CONNECT = 10.0
OPEN = 120.0
ADDRESSES = 4
#: Sessions with one server at once: a slow one must not hold all of ours.
SESSIONS = 50
_ANYWHERE = frozenset({"0.0.0.0", "::"})

_unreached = counter("inbound_unreached", "Companies' servers that could not be reached while a sender waited.", "why")
_log = log.get("relay.inbound")


class Forwarding:
    """Opens sessions. hostname: our name. allow: networks of special use that the operator opened.

    own: (host, port) where this service listens; mail is not forwarded to ourselves, where it would come again.
    """

    def __init__(
        self, resolver: Resolver, *, hostname: str, allow: Iterable[str] = (), own: Collection[tuple[str, int]] = ()
    ) -> None:
        self._resolver = resolver
        self._hostname = hostname
        self._guard = Guard(allow)
        self._own = frozenset(own)
        self._context = client_tls.opportunistic()
        self._busy: Counter[Target] = Counter()

    async def open(self, target: Target) -> Connection:
        """Return an open session; Refusal 451, so that the sender's own server keeps the message and tries again.

        Whoever has one gives it back with ``close``.
        """
        if self._busy[target] >= SESSIONS:
            _unreached.labels("busy").inc()
            raise Refusal(451, "4.3.2", "the server of this address is busy, try again later", rule="forward_busy")
        self._busy[target] += 1
        try:
            return await self._open(target)
        except BaseException:
            self._left(target)
            raise

    def close(self, target: Target, connection: Connection) -> None:
        """Leave a session."""
        connection.leave()
        self._left(target)

    def _left(self, target: Target) -> None:
        self._busy[target] -= 1
        if self._busy[target] <= 0:
            del self._busy[target]

    async def _open(self, target: Target) -> Connection:
        why = ""
        try:
            async with asyncio.timeout(OPEN):
                for address in await self._addresses(target):
                    if self._is_own(address, target.port):
                        raise _forbidden(target, "leads back to this service")
                    try:
                        return await self._at(address, target)
                    except ConnectFault as fault:
                        if fault.reason == "special_use_address":
                            raise _forbidden(target, str(fault)) from None
                        why = str(fault)
                    except Lost as lost:
                        why = lost.failure.reason
        except TimeoutError:
            why = "timeout"
        _unreached.labels("no_session").inc()
        _log.warning("forward_unreached", host=target.host, port=target.port, cause=why)
        raise Refusal(
            451, "4.4.1", "the server of this address does not answer, try again later", rule="forward_unreached",
            cause=why,
        )  # fmt: skip

    async def _at(self, address: str, target: Target) -> Connection:
        try:
            return await self._session(address, target, "opportunistic")
        except Lost as lost:
            # RFC 7435: TLS that breaks is worth as much as none.
            if lost.failure.phase != "starttls" or lost.failure.reason == "starttls_injection":
                raise
        return await self._session(address, target, "off")

    async def _session(self, address: str, target: Target, tls: TlsUse) -> Connection:
        talk = Handover(helo=self._hostname, lmtp=target.lmtp, tls=tls)
        connection = await open_connection(
            partial(Connection, talk, target.host), address, target.port, patience=CONNECT, guard=self._guard
        )
        try:
            await connection.open(self._context)
        except BaseException:
            connection.leave()
            raise
        return connection

    async def _addresses(self, target: Target) -> tuple[str, ...]:
        try:
            return (str(ipaddress.ip_address(target.host)),)
        except ValueError:
            return (await self._resolver.addresses(target.host, v6=True)).addresses[:ADDRESSES]

    def _is_own(self, address: str, port: int) -> bool:
        if (address, port) in self._own:
            return True
        everywhere = any((host, port) in self._own for host in _ANYWHERE)
        return everywhere and special_use(address).startswith("loopback")


def _forbidden(target: Target, why: str) -> Refusal:
    """A mistake in a route must not cost mail either: temporary, and told in the log."""
    _unreached.labels("forbidden").inc()
    _log.warning("forward_forbidden", host=target.host, port=target.port, cause=why)
    return Refusal(
        451, "4.3.5", "the route of this address is wrong, try again later", rule="forward_forbidden", cause=why
    )
