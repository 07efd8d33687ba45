"""Opens, watches and drains every SMTP listener of a process."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import cast

from estafette.base.clock import Clock
from estafette.net.door import Deadlines, SessionLike, SessionMaker, Where
from estafette.net.link import Link

__all__ = ["Deadlines", "Listeners", "SessionLike", "SessionMaker", "Where"]

SWEEP = 0.5
BUFFER = 131_072


class Listeners:
    """All SMTP listeners of a process. ``contexts`` gives the TLS context for the next handshake."""

    def __init__(
        self,
        make: SessionMaker,
        clock: Clock,
        *,
        contexts: Callable[[], ssl.SSLContext] | None = None,
        proxies: Sequence[IPv4Network | IPv6Network] = (),
        deadlines: Deadlines | None = None,
        overloaded: Callable[[], bool] = lambda: False,
        reuse_port: bool = False,
    ) -> None:
        self.make = make
        self.clock = clock
        self.contexts = contexts
        self.deadlines = deadlines or Deadlines()
        self.overloaded = overloaded
        self.draining = False
        self.sockets: set[Link] = set()
        self.buffer = memoryview(bytearray(BUFFER))
        self._proxies = tuple(proxies)
        self._reuse_port = reuse_port
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.TimerHandle | None = None

    async def open(self, where: Where) -> tuple[str, int]:
        """Start one listener; return its address, with the real port when 0 was asked for."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._reuse_port:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((where.host, where.port))
            server = await loop.create_server(
                lambda: Link(self, where), sock=sock, backlog=1024, ssl=self._implicit(where)
            )
        except OSError:
            sock.close()
            raise
        self._serve(server)
        return cast("tuple[str, int]", server.sockets[0].getsockname()[:2])

    def _implicit(self, where: Where) -> ssl.SSLContext | None:
        """Return the context with which the transport itself shakes hands; None when something else comes first.

        A ClientHello follows the connection at once: left to ``start_tls`` it could arrive before that is ready.
        The handshake asks for the current context, so that a renewed certificate is used.
        """
        contexts = self.contexts
        if not where.implicit_tls or self._proxies or contexts is None:
            return None
        first = contexts()
        front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        front.minimum_version = first.minimum_version
        front.options |= first.options

        def current(sock: ssl.SSLObject | ssl.SSLSocket, name: str | None, _front: ssl.SSLContext) -> None:
            chosen = contexts()
            sock.context = chosen
            if chosen.sni_callback is not None:
                chosen.sni_callback(sock, name, chosen)  # type: ignore[arg-type]  # the stub is narrower than the module

        front.sni_callback = current
        return front

    async def open_local(self, path: Path) -> None:
        """Start the listener of this machine's users: a Unix socket whose peers the kernel names."""
        path.unlink(missing_ok=True)
        where = Where(host=str(path), port=0, kind="local")
        server = await asyncio.get_running_loop().create_unix_server(lambda: Link(self, where), str(path))
        path.chmod(0o666)
        self._serve(server)

    def _serve(self, server: asyncio.Server) -> None:
        self._servers.append(server)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP, self._tick)

    def trusted(self, address: str) -> bool:
        """True when a PROXY header must come from this address."""
        if not self._proxies:
            return False
        peer = ip_address(address)
        return any(peer in network for network in self._proxies)

    def sweep(self) -> None:
        """End what is too slow: one look at every connection instead of a timer for every command."""
        now = self.clock.monotonic()
        limit = self.deadlines.overload if self.overloaded() else self.deadlines.command
        for link in tuple(self.sockets):
            link.check(now, limit)

    def _tick(self) -> None:
        self.sweep()
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP, self._tick)

    async def drain(self, grace: float) -> None:
        """Stop listening, send idle clients away with 421, let transactions end for ``grace`` seconds, close."""
        self.draining = True
        for server in self._servers:
            server.close()
        for link in tuple(self.sockets):
            link.drain()
        deadline = self.clock.monotonic() + grace
        while self.sockets and self.clock.monotonic() < deadline:  # noqa: ASYNC110 - links end in many ways
            await asyncio.sleep(0.02)
        for link in tuple(self.sockets):
            link.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self._servers.clear()
