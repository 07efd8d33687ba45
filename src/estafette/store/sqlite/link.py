"""The client's end of the store's socket: calls, answers, and getting through again after the store restarted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import msgspec

from estafette.base import log
from estafette.base.errors import StoreUnavailable
from estafette.store.interface.spool import Wake
from estafette.store.sqlite.frames import ARGUMENTS, ERROR, RESULTS, BadFrame, Frames, frame, read_error

_log = log.get("store.link")
#: Seconds a call waits for a store that restarts.
PATIENCE = 30.0
#: Seconds between two tries to connect.
RETRY = 0.1
#: Seconds that work on the whole store may take.
LONG = {
    "backup": float("inf"), "persons.erase": float("inf"),
    "sweep": 600.0, "prune": 600.0, "requeue": 600.0, "hits.prune": 600.0,
}  # fmt: skip
#: Seconds after which a call is given up, where it is not ``PATIENCE``. Outcomes wait for as long as it takes, since
#: their owner keeps them meanwhile.
LIMITS = {"accept": 120.0, "accept_many": 120.0, "settle": float("inf"), **LONG}
#: Seconds of silence after which the store counts as hung and no mail is taken in.
SILENT = 5.0
#: Seconds between two looks at how long calls have waited.
LOOK = 1.0


class _Call:
    """A request under way: ``again`` is the method to ask with when the answer was lost, "" when it must not be."""

    __slots__ = ("again", "arguments", "asked", "future", "method", "sent")

    def __init__(
        self, future: asyncio.Future[Any], method: str, arguments: tuple[Any, ...], again: str, asked: float
    ) -> None:
        self.future = future
        self.method = method
        self.arguments = arguments
        self.again = again
        self.asked = asked
        self.sent = False


class Link(asyncio.Protocol):
    """One connection at a time. on_wake(worker, wake) hears pushes; on_resume() runs first on each new connection."""

    def __init__(
        self, path: Path, on_wake: Callable[[str, Wake], None], on_resume: Callable[[], Awaitable[None]]
    ) -> None:
        self._path = path
        self._on_wake = on_wake
        self._on_resume = on_resume
        self._loop = asyncio.get_running_loop()
        self._calls: dict[int, _Call] = {}
        self._number = 0
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._watch: asyncio.TimerHandle | None = None
        self.connected = False
        self.silent = False

    async def open(self) -> None:
        """Connect for the first time."""
        try:
            await self._connect()
        except OSError as error:
            raise StoreUnavailable(
                f"no store answers: {error}", place=os.fspath(self._path), fix="start the service"
            ) from error
        self.connected = True

    async def _connect(self) -> None:
        await self._loop.create_unix_connection(lambda: self, os.fspath(self._path))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start anew."""
        self._transport = cast("asyncio.Transport", transport)
        self._frames = Frames()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """The other side went away."""
        self._transport = None
        self.connected = False
        for number, call in tuple(self._calls.items()):
            if not call.again:
                del self._calls[number]
                self._fail(call)
        if not self._closed and (self._task is None or self._task.done()):
            self._task = asyncio.ensure_future(self._reconnect())

    async def _reconnect(self) -> None:
        """Try until it works; calls that wait too long fail meanwhile."""
        lost = self._loop.time()
        while not self.connected:
            try:
                await self._connect()
                await self._on_resume()
                self.connected = self._transport is not None
            except (OSError, StoreUnavailable, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError):
                    raise
                if self._transport is not None:
                    self._transport.abort()
                await asyncio.sleep(RETRY)
            if not self.connected and self._loop.time() - lost > PATIENCE:
                self._fail_all()
        for number, call in tuple(self._calls.items()):
            self._send(number, call)

    def call(self, method: str, *arguments: Any, again: str = "", urgent: bool = False) -> asyncio.Future[Any]:
        """Ask the store. urgent: part of resuming, sent before the connection counts as usable, never asked again."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._closed:
            future.set_exception(StoreUnavailable("the store was closed", place=os.fspath(self._path)))
            return future
        self._number += 1
        call = _Call(future, method, arguments, "" if urgent else again or method, self._loop.time())
        if urgent and self._transport is None:
            future.set_exception(StoreUnavailable("the store went away", place=os.fspath(self._path)))
            return future
        self._calls[self._number] = call
        if self._watch is None:
            self._watch = self._loop.call_later(LOOK, self._look)
        if urgent or self.connected:
            self._send(self._number, call)
        return future

    def _send(self, number: int, call: _Call) -> None:
        if self._transport is None:
            return
        method = call.again if call.sent else call.method
        try:
            data = frame(number, method, call.arguments)
        except Exception as error:  # cannot be encoded, or is too large: the caller is told
            del self._calls[number]
            call.future.set_exception(error)
            return
        call.sent = True
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Handle what complete frames there are."""
        try:
            for number, word, value in self._frames.feed(data):
                if number:
                    self._answer(number, word, value)
                else:
                    self._on_wake(*ARGUMENTS["wake"](value))
        except (BadFrame, msgspec.MsgspecError) as error:
            _log.error("bad_frame", error=str(error))
            if self._transport is not None:
                self._transport.abort()

    def _answer(self, number: int, word: str, value: msgspec.Raw) -> None:
        call = self._calls.pop(number, None)
        if call is None or call.future.done():
            return
        if word == ERROR:
            call.future.set_exception(read_error(value))
        else:
            call.future.set_result(RESULTS[call.method](value))

    def _look(self) -> None:
        """Give up on calls that wait too long; the timer runs only while there are any."""
        self._watch = None
        now = self._loop.time()
        self.silent = False
        for number, call in tuple(self._calls.items()):
            waited = now - call.asked
            self.silent |= waited > SILENT and call.method not in LONG
            if waited > LIMITS.get(call.method, PATIENCE):
                del self._calls[number]
                self._fail(call)
        if self._calls or self.silent:
            self._watch = self._loop.call_later(LOOK, self._look)

    def _fail_all(self) -> None:
        calls, self._calls = self._calls, {}
        for call in calls.values():
            self._fail(call)

    def _fail(self, call: _Call) -> None:
        if not call.future.done():
            call.future.set_exception(StoreUnavailable("the store does not answer", place=os.fspath(self._path)))

    async def close(self) -> None:
        """Close; pending calls fail."""
        self._closed = True
        self.connected = False
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._transport.close()
        self._fail_all()
