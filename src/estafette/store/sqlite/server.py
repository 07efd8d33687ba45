"""The store's Unix socket: other processes write through it, and couriers hear of arrivals."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec

from estafette.base import log
from estafette.store.sqlite.frames import ARGUMENTS, ERROR, METHODS, BadFrame, Frames, error_value, frame
from estafette.store.sqlite.spool import SqliteSpool

_log = log.get("store.server")
#: Methods that the server answers itself; all others are the spool's of that name, or another room's (``hits.add``).
_OWN = frozenset({"hello", "lease", "resume", "release", "listen", "wake"})


class Session(asyncio.Protocol):
    """One client. Its shards are released when the connection ends: that is how the store knows who lives."""

    def __init__(self, spool: SqliteSpool, rooms: Mapping[str, object], sessions: set[Session]) -> None:
        self._spool = spool
        self._rooms = rooms
        self._sessions = sessions
        self._frames = Frames()
        self._workers: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writable = asyncio.Event()
        self._writable.set()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start anew."""
        self.transport = cast("asyncio.Transport", transport)
        self._sessions.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """The other side went away."""
        self._sessions.discard(self)
        self.transport = None
        for worker in self._workers:
            self._spool.leases.release(worker)
        for task in self._tasks:
            task.cancel()

    def pause_writing(self) -> None:
        """The other side reads too slowly."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The other side caught up."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Handle what complete frames there are."""
        try:
            for number, word, value in self._frames.feed(data):
                self._request(number, word, value)
        except BadFrame as error:
            _log.error("bad_frame", error=str(error))
            if self.transport is not None:
                self.transport.abort()

    def _request(self, number: int, method: str, value: msgspec.Raw) -> None:
        try:
            if method not in METHODS or method == "wake":
                raise BadFrame(f"no method {method!r}")  # noqa: TRY301 - answered like any other error
            arguments = ARGUMENTS[method](value)
            if method == "accept":
                waiter: Awaitable[Any] = self._spool.accept(*arguments)
            elif method == "accept_many":
                waiter = self._spool.accept_many(*arguments)
            elif method == "settle":
                waiter = self._spool.settle(*arguments)
            else:
                waiter = asyncio.ensure_future(self._call(method, arguments))
        except Exception as error:  # the client is told; the connection stays
            self._send(number, ERROR, error_value(error))
            return
        assert isinstance(waiter, asyncio.Future)
        waiter.add_done_callback(lambda future: self._answer(number, future))

    def _answer(self, number: int, future: asyncio.Future[Any]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._send(number, "", future.result())
        else:
            self._send(number, ERROR, error_value(error if isinstance(error, Exception) else RuntimeError(error)))

    def _send(self, number: int, word: str, value: Any) -> None:
        if self.transport is not None:
            self.transport.write(frame(number, word, value))

    async def _call(self, method: str, arguments: tuple[Any, ...]) -> Any:
        result = self._handler(method)(*arguments)
        return await result if asyncio.iscoroutine(result) else result

    def _handler(self, method: str) -> Callable[..., Any]:
        if method in _OWN:
            return cast("Callable[..., Any]", getattr(self, f"_do_{method}"))
        room, _, name = method.rpartition(".")
        return cast("Callable[..., Any]", getattr(self._rooms[room] if room else self._spool, name))

    async def _do_hello(self, writer: int) -> Any:
        return await self._spool.greet(writer)

    def _do_lease(self, worker: str, want: int) -> Any:
        self._workers.add(worker)
        return self._spool.leases.lease(worker, want)

    def _do_resume(self, worker: str, epochs: dict[int, int]) -> Any:
        self._workers.add(worker)
        return self._spool.leases.resume(worker, epochs)

    async def _do_release(self, worker: str) -> None:
        self._workers.discard(worker)
        await self._spool.release(worker)

    def _do_listen(self, worker: str) -> None:
        task = asyncio.ensure_future(self._push(worker))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _push(self, worker: str) -> None:
        async for wake in self._spool.wakes(worker):
            self._send(0, "wake", (worker, wake))
            await self._writable.wait()


class Server:
    """The listening socket with its sessions."""

    def __init__(self, server: asyncio.Server, sessions: set[Session], path: Path) -> None:
        self._server = server
        self._sessions = sessions
        self._path = path

    async def close(self) -> None:
        """Close the socket and every session."""
        self._server.close()
        for session in tuple(self._sessions):
            if session.transport is not None:
                session.transport.abort()
        await asyncio.sleep(0)
        with suppress(FileNotFoundError):
            self._path.unlink()


async def serve(spool: SqliteSpool, path: Path, rooms: Mapping[str, object]) -> Server:
    """Listen on a Unix socket of mode 0600; a stale one of a killed process is replaced (we hold the lock).

    rooms: what else than the spool is called through it, by the part of a method before its dot.
    """
    sessions: set[Session] = set()
    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        server = await asyncio.get_running_loop().create_unix_server(
            lambda: Session(spool, rooms, sessions), os.fspath(path)
        )
    finally:
        os.umask(mask)
    return Server(server, sessions, path)
