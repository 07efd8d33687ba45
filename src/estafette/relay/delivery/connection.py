"""One connection to a peer: carries octets between a socket and ``smtp.client``, and keeps its deadlines."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any, cast

from estafette.base import crash
from estafette.net.connect import ConnectFault, upgrade
from estafette.relay.delivery.timeouts import Timeouts
from estafette.smtp.answer import Answer, Failure
from estafette.smtp.client import Client
from estafette.smtp.transaction import Transaction, stuffed_pieces

_BUFFER = 8192


class Connection(asyncio.BufferedProtocol):
    """Driver of one session. One future at a time says that the client needs attention.

    host, address: whom we talk to. source: our own address. helo: how we named ourselves. sent: transactions begun.
    """

    def __init__(self, client: Client, timeouts: Timeouts, *, host: str, address: str) -> None:
        self.client = client
        self.host = host
        self.address = address
        self.source = ""
        self.key: tuple[str, ...] = ()
        self.sent = 0
        self.deadline = 0.0
        self.lost = False
        self._timeouts = timeouts
        self._limit = float("inf")
        self._heard = -1
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._view = memoryview(bytearray(_BUFFER))
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._gone: asyncio.Future[None] = self._loop.create_future()

    # -- asyncio ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast("asyncio.Transport", transport)
        name: Any = transport.get_extra_info("sockname")
        self.source = str(name[0]) if name else ""
        self._arm(self._loop.time())

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next octets go; kept, because allocating for each read costs more than reading.

        A view, because asyncio's TLS slices it and a sliced bytearray would be a copy.
        """
        del sizehint
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Octets came."""
        self.client.receive(bytes(self._view[:nbytes]), self._loop.time())
        self._advance()

    def eof_received(self) -> bool:
        """The peer will say no more: let the transport close."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed, by whomever."""
        del exc
        self.lost = True
        self.client.end("connection_lost")
        self._wake()
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        if not self._gone.done():
            self._gone.set_result(None)

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """There is room again."""
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    # -- the owner's side ---------------------------------------------------------------------------------------

    async def open(self, context: ssl.SSLContext | None) -> Failure | None:
        """Greet, secure and log in; return None when the session is ready, else why not."""
        client = self.client
        self._limit = self._loop.time() + self._timeouts.total
        self._arm(self._loop.time())
        await self._attention()
        if client.want == "tls":
            assert context is not None
            assert self._transport is not None
            try:
                self._transport = await upgrade(self._transport, self, context, self.host, self._timeouts.handshake)
            except ConnectFault as fault:
                self.abort()
                return Failure("starttls", None, fault.reason)
            client.secured(self._loop.time())
            self._advance()
            await self._attention()
        return client.failure if not client.ready else None

    async def send(self, transaction: Transaction) -> list[Answer]:
        """Run one transaction: one answer per recipient. ValueError for an unsayable envelope."""
        client = self.client
        now = self._loop.time()
        client.begin(transaction)
        self.sent += 1
        timeouts = self._timeouts
        self._limit = now + timeouts.total + transaction.size / timeouts.floor_rate
        self._arm(now)
        self._advance()
        try:
            await self._attention()
            if client.want == "body":
                assert transaction.pieces is not None
                await self._stream(transaction.pieces())
                await self._attention()
        except asyncio.CancelledError:
            self.abort()
            raise
        return client.answers

    def rest(self, seconds: float) -> None:
        """Become idle: the deadline is now that of keeping it."""
        self._limit = float("inf")
        self.deadline = self._loop.time() + seconds

    async def quit(self) -> None:
        """Say goodbye and wait, briefly, until the socket is closed."""
        self.leave()
        await self._gone

    def leave(self) -> None:
        """Say goodbye; the deadlines see to the rest."""
        if self.client.state == "quit":
            return
        if self.lost or self.client.want == "close" or self.client.state:
            self.abort()
            return
        self.client.quit()
        self._limit = float("inf")
        self._arm(self._loop.time())
        self._advance()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None and not self.lost:
            self._transport.abort()

    def expire(self) -> None:
        """The deadline has passed."""
        if self.client.reusable:
            self.leave()
            return
        self.client.end("timeout")
        self._wake()
        self.abort()

    # -- inside -------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        client = self.client
        transport = self._transport
        assert transport is not None
        out = client.take()
        if out and not self.lost:
            if client.state == "dot":
                crash.point("attempt.before_dot")
            transport.write(out)
        if client.heard != self._heard:
            self._heard = client.heard
            if client.state:
                self._arm(self._loop.time())
        if client.want == "close":
            transport.close()
        if client.want or client.finished or client.ready:
            self._wake()

    def _arm(self, now: float) -> None:
        self.deadline = min(now + self._timeouts.of(self.client.state), self._limit)

    async def _attention(self) -> None:
        """Wait until the client is ready, finished, wants something or has failed."""
        client = self.client
        idle = client.ready and not client.state
        if client.want or idle or self.lost:
            return
        self._waiter = self._loop.create_future()
        await self._waiter
        self._waiter = None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done() and (self._settled() or self.lost):
            waiter.set_result(None)

    def _settled(self) -> bool:
        client = self.client
        return bool(client.want) or (client.ready and not client.state)

    def _streaming(self) -> bool:
        return self.client.want == "body" and not self.lost

    async def _stream(self, pieces: Iterator[bytes]) -> None:
        """Write a large body piece by piece; reading and signing it happen in a thread."""
        stream = stuffed_pieces(pieces)
        client = self.client
        assert self._transport is not None
        try:
            piece = await asyncio.to_thread(next, stream, b"")
            while self._streaming():
                following = await asyncio.to_thread(next, stream, b"")
                if not self._streaming():
                    break
                if not following:
                    # Said before the last octets leave: the peer may answer the dot before this task runs again.
                    client.body_sent()
                    crash.point("attempt.before_dot")
                self._transport.write(piece)
                self._arm(self._loop.time())
                if self._drained is not None:
                    await self._drained
                piece = following
        except Exception:
            # Our own side broke: without the final dot the peer keeps nothing.
            client.end("body_unreadable")
            self.abort()
        self._arm(self._loop.time())
