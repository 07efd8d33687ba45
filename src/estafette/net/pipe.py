"""The pipe of a connection: its transport, whether we read from it, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import cast


class Pipe:
    """``reading`` follows what the owner wants while the client reads its replies; ``writable`` is whether it does."""

    __slots__ = ("reading", "transport", "writable")

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.reading = True
        self.writable = True

    def carried_by(self, transport: asyncio.BaseTransport) -> None:
        """Go on over a transport: the first one, or the one under TLS."""
        self.transport = cast("asyncio.Transport", transport)

    def write(self, output: bytes) -> None:
        """Send octets unless the connection is closing."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(output)

    def read(self, want: bool) -> None:
        """Read on, or let octets wait in the kernel."""
        want = want and self.writable
        if want != self.reading and self.transport is not None and not self.transport.is_closing():
            self.reading = want
            if want:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    def end(self, *, linger: bool) -> None:
        """Close; ``linger`` says the last word and hears the client out for a while.

        To close with octets unread resets the connection, and a client that is still sending never sees our reply.
        """
        transport = self.transport
        if transport is not None:
            with contextlib.suppress(OSError):
                if linger and transport.can_write_eof():
                    transport.write_eof()
                    transport.resume_reading()
                else:
                    transport.close()

    def cut(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()
