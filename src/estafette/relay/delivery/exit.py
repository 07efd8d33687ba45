"""The way out of one egress group: its sources, its smarthost, and how sessions are opened through it."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial

from estafette.config.schema import Delivery, Egress
from estafette.model.event import Reply
from estafette.net import client_tls
from estafette.net.connect import ConnectFault, open_connection
from estafette.net.special import Guard, special_use
from estafette.relay.delivery.connection import Connection
from estafette.relay.delivery.pool import Pool
from estafette.relay.delivery.smarthost import read_smarthost
from estafette.relay.delivery.sources import Sources
from estafette.relay.delivery.targets import Target
from estafette.relay.delivery.timeouts import Timeouts
from estafette.relay.delivery.verdict import meaning, refuses_source
from estafette.smtp.answer import Failure, TlsUse
from estafette.smtp.client import Client

_TRY_ANOTHER = "source_refused"


class Exit:
    """Opens sessions for one egress group.

    Towards MX hosts TLS is used when offered and never checked (RFC 7435); a host that breaks it is spoken to
    in clear at once and for three days. A smarthost's password crosses only verified TLS, or the operator's own
    network.
    """

    def __init__(
        self, name: str, egress: Egress, *, delivery: Delivery, hostname: str, pool: Pool,
        broken: client_tls.BrokenTls, timeouts: Timeouts,
    ) -> None:  # fmt: skip
        self.name = name
        self.smarthost = read_smarthost(name, egress)
        self.sources = Sources(egress)
        self._hostname = hostname
        self._port = self.smarthost.port if self.smarthost else delivery.port
        self._guard = None if self.smarthost else Guard(delivery.allow_networks)
        self._pool = pool
        self._broken = broken
        self._timeouts = timeouts
        self._unverified = client_tls.opportunistic()
        self._verified = client_tls.verified(delivery.ca_file) if self.smarthost else self._unverified

    async def open(
        self, target: Target, origin: float, site: str = ""
    ) -> tuple[Connection | None, Failure | None, str]:
        """Return a ready session, or None with the failure (phase ``connect``: none began) and its detail.

        A host that refuses one of our addresses is asked from the others, each once.
        """
        opened = await self._once(target, origin, site)
        while opened[1] is not None and opened[1].reason == _TRY_ANOTHER:
            opened = await self._once(target, origin, site)
        return opened

    async def _once(self, target: Target, origin: float, site: str) -> tuple[Connection | None, Failure | None, str]:
        tls = self._tls(target)
        connection, failure, detail = await self._session(target, tls, origin, site)
        if tls == "opportunistic" and failure is not None and failure.phase == "starttls":
            if failure.reason == "starttls_injection":
                return None, failure, detail
            self._broken.remember(target.host, asyncio.get_running_loop().time())
            return await self._session(target, "off", origin, site)
        return connection, failure, detail

    def _trusted(self, target: Target) -> bool:
        return bool(special_use(target.address))

    def _tls(self, target: Target) -> TlsUse:
        if self.smarthost is not None and self.smarthost.implicit_tls:
            return "off"
        if self.smarthost is not None and self.smarthost.login is not None and not self._trusted(target):
            return "required"
        known = self._broken.knows(target.host, asyncio.get_running_loop().time())
        return "off" if known else "opportunistic"

    def _context(self, target: Target) -> ssl.SSLContext:
        login = self.smarthost is not None and self.smarthost.login is not None
        return self._verified if login and not self._trusted(target) else self._unverified

    async def _session(
        self, target: Target, tls: TlsUse, origin: float, site: str
    ) -> tuple[Connection | None, Failure | None, str]:
        source = self.sources.choose(target.address, site, asyncio.get_running_loop().time())
        if source is None:
            return None, Failure("connect", None, "no_source"), "no source address of this family"
        implicit = self.smarthost is not None and self.smarthost.implicit_tls
        login = self.smarthost.login if self.smarthost else None
        client = Client(helo=source.helo or self._hostname, tls=tls, login=login, secure=implicit, origin=origin)
        context = self._context(target)
        try:
            connection = await open_connection(
                partial(Connection, client, self._timeouts, host=target.host, address=target.address),
                target.address,
                self._port,
                patience=self._timeouts.connect,
                guard=self._guard,
                source=source.address,
                tls=context if implicit else None,
                host=target.host,
            )
        except ConnectFault as fault:
            return None, Failure("connect", None, fault.reason), str(fault)
        self._pool.watch(connection)
        try:
            failure = await connection.open(context)
        except BaseException:
            connection.abort()
            raise
        if failure is None:
            return connection, None, ""
        connection.abort()
        if failure.reply is not None and self.refused(source.address, site, failure.reply, failure.phase):
            return None, Failure(failure.phase, failure.reply, _TRY_ANOTHER), ""
        return None, failure, ""

    def refused(self, source: str, site: str, reply: Reply, phase: str) -> bool:
        """Hear a refusal; return whether it was our address that is refused, and another may be tried at the site."""
        if not source or not refuses_source(reply, phase):
            return False
        now = asyncio.get_running_loop().time()
        return self.sources.refused(source, site, meaning(reply, phase).category, now)

    def rests(self, source: str, site: str) -> bool:
        """Whether an address of ours keeps away from a site."""
        return self.sources.rests(source, site, asyncio.get_running_loop().time())
