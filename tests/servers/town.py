"""Receiving servers of a small internet: one address for each domain, on aiosmtpd, that answer as they are told."""

# ruff: noqa: ARG002, N802 - aiosmtpd names its hooks, and what they are called with
from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.servers import loopback

OK = "250 2.0.0 ok"


@dataclass
class Script:
    """What is answered at a phase, an attempt each; when all is said, mail is taken. lasting: the last one for ever."""

    phase: str
    replies: list[str]
    lasting: bool = False

    def next(self) -> str:
        """Return the next reply, "" when mail is taken."""
        if not self.replies:
            return ""
        return self.replies[0] if self.lasting and len(self.replies) == 1 else self.replies.pop(0)


@dataclass(frozen=True)
class Arrived:
    """A message that a server took."""

    recipient: str
    sender: str
    body: bytes


@dataclass
class Seen:
    """What the servers saw. asked: at RCPT, by address."""

    arrived: list[Arrived] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)


class _Server(SMTP):
    """One session, which may end with its greeting. begun: its transactions. hello: what EHLO was refused with."""

    begun = 0
    hello = ""

    async def _handle_client(self) -> None:
        refused = self.event_handler.said("connect")
        if not refused:
            await super()._handle_client()
            return
        await self.push(refused)
        if self.transport is not None:
            self.transport.close()


class _Domain:
    """The hooks of the sessions of one domain. scripts: by recipient, and by "" what holds before any is named."""

    def __init__(self, seen: Seen, scripts: dict[str, Script], name: str) -> None:
        self._seen = seen
        self._scripts = scripts
        self._name = name

    def said(self, phase: str, recipient: str = "", *, kept: bool = False) -> str:
        """Return what is refused with at a phase, "" when nothing is. kept: the session has carried mail before.

        A 421 before the final dot of such a session is its end (RFC 5321 section 3.8) and no answer yet: the client may
        ask once more on a new one, where it is said again.
        """
        key = recipient or f"@{self._name}"
        script = self._scripts.get(key)
        if script is None or script.phase != phase:
            return ""
        if kept and script.replies and script.replies[0].startswith("421"):
            return script.replies[0]
        return script.next()

    async def handle_EHLO(
        self, server: _Server, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        server.hello = self.said("ehlo")
        session.host_name = hostname
        return [server.hello] if server.hello else responses

    async def handle_HELO(self, server: _Server, session: Session, envelope: Envelope, hostname: str) -> str:
        session.host_name = hostname
        return server.hello or OK

    async def handle_MAIL(
        self, server: _Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        server.begun += 1
        refused = self.said("mail", kept=server.begun > 1)
        if not refused:
            envelope.mail_from = address
        return refused or OK

    async def handle_RCPT(
        self, server: _Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._seen.asked[address.lower()] += 1
        refused = self.said("rcpt", address.lower(), kept=server.begun > 1)
        if not refused:
            envelope.rcpt_tos.append(address)
        return refused or OK

    async def handle_DATA(self, server: _Server, session: Session, envelope: Envelope) -> str:
        refused = next((said for each in envelope.rcpt_tos if (said := self.said("data", each.lower()))), "")
        if refused:
            return refused
        body: Any = envelope.original_content
        for each in envelope.rcpt_tos:
            self._seen.arrived.append(Arrived(each.lower(), envelope.mail_from or "", body))
        return OK


class Town:
    """All servers, in one thread. ``scripts`` may be changed whenever nothing is under way."""

    def __init__(self) -> None:
        self.port = loopback.port()
        self.seen = Seen()
        self.scripts: dict[str, Script] = {}
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="town", daemon=True)

    def open(self, domain: str) -> str:
        """Open the server of a domain; return its address."""
        address = loopback.address()
        hooks = _Domain(self.seen, self.scripts, domain)

        async def listen() -> None:
            server = await self._loop.create_server(
                lambda: _Server(hooks, hostname=f"mx.{domain}", loop=self._loop), address, self.port
            )
            self._servers.append(server)

        asyncio.run_coroutine_threadsafe(listen(), self._loop).result(10)
        return address

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
