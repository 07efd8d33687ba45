"""One connection to a company's server: carries octets between a socket and ``smtp.handover``, in bounded time."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from estafette.model.event import Reply
from estafette.net.connect import ConnectFault, upgrade
from estafette.smtp.answer import Failure, State
from estafette.smtp.handover import Handover

#: Seconds for a handshake, and for a reply; less than clients of ours wait (RFC 5321 section 4.5.3.2).
HANDSHAKE = 15.0
REPLY = 60.0
#: Seconds for the answer to the final dot, and octets that may take one second more.
DOT = 300.0
FLOOR_RATE = 200_000.0
_BROKEN_OFF = Reply(451, "4.4.2", "the server of this address broke off, try again later")


class Lost(Exception):
    """The session is over before it said what was asked for."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class Connection(asyncio.Protocol):
    """Driver of one session. host: its name, for TLS."""

    def __init__(self, talk: Handover, host: str) -> None:
        self.talk = talk
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None

    # -- asyncio ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Octets came."""
        self.talk.receive(data, self._loop.time())
        self._write()
        if self.talk.settled:
            self._wake()

    def connection_lost(self, _exc: Exception | None) -> None:
        """The socket is closed, by whomever."""
        self.talk.end("connection_lost")
        self._wake()

    # -- the owner's side ---------------------------------------------------------------------------------------

    async def open(self, context: ssl.SSLContext) -> None:
        """Greet, and encrypt where that is offered; Lost."""
        await self._settled(REPLY)
        if self.talk.want == "tls":
            assert self._transport is not None
            try:
                self._transport = await upgrade(self._transport, self, context, self._host, HANDSHAKE)
            except ConnectFault as fault:
                raise Lost(Failure("starttls", None, fault.reason)) from None
            self.talk.secured(self._loop.time())
            await self._settled(REPLY)
        if self.talk.failure is not None:
            raise Lost(self.talk.failure)

    async def ask(self, state: State, line: str) -> Reply:
        """Say a command and return its answer; Lost."""
        self._still_there()
        self.talk.ask(state, line)
        await self._settled(REPLY)
        if not self.talk.replies:
            raise self._lost()
        return self.talk.replies[0]

    async def hand(self, body: bytes, recipients: int) -> list[Reply]:
        """Say the body; return the reply for each recipient, in SMTP the same one; Lost when there is none at all.

        Whom an LMTP server has not answered when it breaks off gets 451: they may have the message, or not.
        """
        self._still_there()
        self.talk.hand(body, recipients)
        await self._settled(DOT + len(body) / FLOOR_RATE)
        replies = self.talk.replies
        if not replies:
            raise self._lost()
        if not self.talk.lmtp:
            return replies * recipients
        return replies + [_BROKEN_OFF] * (recipients - len(replies))

    def leave(self) -> None:
        """Say goodbye and close."""
        if self._transport is None:
            return
        if self.talk.failure is None and self.talk.settled and not self.talk.want:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()
        else:
            self._transport.abort()

    # -- inside -------------------------------------------------------------------------------------------------

    def _still_there(self) -> None:
        if self.talk.failure is not None:
            raise self._lost()

    def _lost(self) -> Lost:
        return Lost(self.talk.failure or Failure("dot", None, "connection_lost"))

    async def _settled(self, within: float) -> None:
        self._write()
        try:
            async with asyncio.timeout(within):
                while not self.talk.settled:
                    self._waiter = self._loop.create_future()
                    await self._waiter
        except TimeoutError:
            self.talk.end("timeout")

    def _write(self) -> None:
        out = self.talk.take()
        if out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(out)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
