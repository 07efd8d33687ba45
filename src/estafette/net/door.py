"""What a listener is, and what it needs of those who speak for us behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from estafette.smtp.events import Event
from estafette.smtp.server import ServerConnection

Kind = Literal["submission", "mx", "local"]


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """One listener. implicit_tls: the handshake comes first (RFC 8314)."""

    host: str
    port: int
    implicit_tls: bool = False
    kind: Kind = "submission"


class SessionLike(Protocol):
    """What speaks for us on one connection."""

    connection: ServerConnection
    busy: bool
    """True while it takes no more events, as when a disk lags behind; ``wake`` follows."""

    def on_event(self, event: Event) -> None:
        """Take one event; answer it now, or later followed by ``wake``."""
        ...

    def secured(self, description: str) -> None:
        """The handshake ended; description: protocol and cipher."""
        ...

    def lost(self) -> None:
        """The connection is gone."""
        ...


class SessionMaker(Protocol):
    """Makes the session of a connection, or says None: too many."""

    def __call__(
        self, where: Where, address: str, port: int, secure: bool, wake: Callable[[], None], /
    ) -> SessionLike | None:
        """``wake`` is to be called after an answer given later than ``on_event``."""
        ...


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds a client has for a command or a block of data, and the same when we are overloaded."""

    command: float = 300.0
    overload: float = 10.0
    handshake: float = 60.0
