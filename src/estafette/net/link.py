"""One connection of a listener: buffers, TLS, deadlines and back-pressure."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol

from estafette.base.clock import Clock
from estafette.base.log import get
from estafette.net.arrival import Announcement, local_peer, network_peer
from estafette.net.door import Deadlines, SessionLike, SessionMaker, Where
from estafette.net.handshake import description, secure
from estafette.net.pace import Pace
from estafette.net.pipe import Pipe
from estafette.net.proxy_protocol import ProxyError
from estafette.smtp.events import Closed, StartTls
from estafette.smtp.server import ServerConnection

INPUT_LIMIT = 262_144
LINGER = 10.0

_log = get("net.listener")


class Owner(Protocol):
    """What a connection needs of the listeners it came through."""

    make: SessionMaker
    clock: Clock
    contexts: Callable[[], ssl.SSLContext] | None
    deadlines: Deadlines
    draining: bool
    sockets: set[Link]
    buffer: memoryview

    def trusted(self, address: str) -> bool:
        """True when a PROXY header must come from this address."""
        ...


class Link(asyncio.BufferedProtocol):
    """One connection. Reading stops while an answer is owed and octets pile up."""

    def __init__(self, owner: Owner, where: Where) -> None:
        self._owner = owner
        self._where = where
        self._pipe = Pipe()
        self._session: SessionLike | None = None
        self._proxy: Announcement | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._address, self._port = "", 0
        self._monotonic = owner.clock.monotonic
        self._pace = Pace(self._monotonic())
        self._closing = False
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with what comes first: PROXY header, handshake, or banner."""
        self._pipe.carried_by(transport)
        if self._handshake is not None:
            return
        self._owner.sockets.add(self)
        if self._where.kind == "local":
            self._address, self._port = local_peer(transport)
            self._begin()
            return
        self._address, self._port = network_peer(transport)
        if self._owner.trusted(self._address):
            self._proxy = Announcement()
        else:
            self._begin()

    def _begin(self) -> None:
        transport = self._pipe.transport
        assert transport is not None
        if transport.get_extra_info("ssl_object") is not None:
            self._handshaken(transport)
        elif self._where.implicit_tls:
            self._start_handshake()
        else:
            self._open(secure=False)

    def _open(self, *, secure: bool) -> None:
        session = None
        if not self._owner.draining:
            session = self._owner.make(self._where, self._address, self._port, secure, self._pump)
        if session is None:
            self._pipe.write(b"421 4.3.2 too busy, try again later\r\n")
            self._close()
            return
        self._session = session
        session.connection.greet()
        self._pump()

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Give the transport the buffer of all connections: what is read is taken before anyone else reads."""
        return self._owner.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came."""
        if self._proxy is not None:
            self._read_proxy(bytes(self._owner.buffer[:nbytes]))
        elif self._session is not None and not self._closing:
            self._pace.octets += nbytes
            self._session.connection.receive(self._owner.buffer[:nbytes])
            self._pump()

    def _read_proxy(self, data: bytes) -> None:
        proxy = self._proxy
        assert proxy is not None
        try:
            complete = proxy.complete(data)
        except ProxyError as error:
            _log.info("proxy_refused", address=self._address, cause=str(error))
            self.abort()
            return
        if not complete:
            return
        self._proxy = None
        if proxy.peer is not None:
            self._address, self._port = proxy.peer
        if proxy.rest:
            # Nobody may talk before our banner; with implicit TLS a ClientHello here cannot be handed on.
            self.abort()
            return
        self._begin()

    def _pump(self) -> None:
        """Let the session answer all that came; runs at least five times for each message, so it does no more."""
        session = self._session
        if session is None or self._closing:
            return
        connection = session.connection
        event = None if session.busy else connection.next_event()
        moved = event is not None
        while event is not None:
            kind = type(event)
            if kind is Closed or kind is StartTls:
                self._flush(connection)
                if isinstance(event, Closed):
                    self._close(linger=event.reason != "quit" and not self._owner.draining)
                else:
                    self._start_handshake()
                return
            session.on_event(event)
            event = None if session.busy else connection.next_event()
        if self._flush(connection) or moved:
            self._pace.since = self._monotonic()
        if (
            session.busy
            or connection.waiting
            or connection.in_message is not self._pace.in_text
            or not self._pipe.reading
        ):
            self._watch(session)
        if self._owner.draining:
            self.drain()
        if self._ended and not self._owed(session):
            self._close()

    def _owed(self, session: SessionLike) -> bool:
        """Whether the answer to a whole message is still to come."""
        return session.connection.concluding or session.busy

    def _flush(self, connection: ServerConnection) -> bool:
        output = connection.take_output()
        if output:
            self._pipe.write(output)
        return bool(output)

    def _watch(self, session: SessionLike) -> None:
        """Set reading and the rate's window to what the session is doing now."""
        connection = session.connection
        self._pace.text(connection.in_message)
        full = session.busy or (connection.waiting and connection.buffered > INPUT_LIMIT)
        self._pipe.read(not full)

    def pause_writing(self) -> None:
        """The client does not read its replies: take no more commands."""
        self._pipe.writable = False
        if self._session is not None:
            self._watch(self._session)

    def resume_writing(self) -> None:
        """The client reads again."""
        self._pipe.writable = True
        if self._session is not None:
            self._watch(self._session)

    def _start_handshake(self) -> None:
        self._handshake = asyncio.get_running_loop().create_task(self._secure())

    async def _secure(self) -> None:
        owner, transport = self._owner, self._pipe.transport
        assert transport is not None
        made = await secure(transport, self, owner.contexts, within=owner.deadlines.handshake, address=self._address)
        if made is None:
            self.abort()
            return
        self._pipe.carried_by(made)
        self._handshaken(made)

    def _handshaken(self, transport: asyncio.Transport) -> None:
        self._pace.since = self._monotonic()
        if self._session is None:
            self._open(secure=True)
        else:
            self._session.connection.tls_started()
        if self._session is not None:
            self._session.secured(description(transport))
            self._pump()

    def check(self, now: float, limit: float) -> None:
        """End the connection when the client is too slow: no command in time, or text below the minimum rate."""
        waited = now - self._pace.since
        if self._closing:
            if waited > LINGER:
                self.abort()
        elif self._session is None:
            if waited > min(limit, self._owner.deadlines.handshake) + 1:
                self.abort()
        elif not self._session.connection.waiting and not self._session.busy:
            complaint = self._pace.complaint(now, limit)
            if complaint:
                self._shut(complaint)

    def _shut(self, text: str, enhanced: str = "4.4.2") -> None:
        if self._session is not None:
            self._session.connection.shut(text, enhanced)
            self._pump()

    def drain(self) -> None:
        """Send the client away unless a transaction is in progress."""
        if self._session is None or (self._handshake is not None and not self._handshake.done()):
            self.abort()
        elif not self._session.connection.in_transaction and not self._session.connection.waiting:
            self._shut("service is stopping", "4.3.2")

    def _close(self, *, linger: bool = False) -> None:
        self._closing = True
        self._pace.since = self._monotonic()
        self._pipe.end(linger=linger)

    def abort(self) -> None:
        """Close at once."""
        self._closing = True
        self._pipe.cut()

    def eof_received(self) -> bool:
        """The client ended its side: the connection closes, once it is said whether we have its message.

        Exim sends the final dot, QUIT and the end of its side at once; without our reply it sends the message again.
        """
        transport, session = self._pipe.transport, self._session
        if session is None or self._closing or transport is None or not transport.can_write_eof():
            return False  # TLS ends both sides
        self._ended = self._owed(session)
        return self._ended

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget the connection."""
        self._closing = True
        self._owner.sockets.discard(self)
        session, self._session = self._session, None
        if session is not None:
            session.lost()
