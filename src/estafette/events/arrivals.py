"""Waiting for what comes: one look at the log for all who wait, so that a thousand followers cost what one does."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from estafette.base.errors import StoreFault
from estafette.store.interface.history import History

#: Seconds between two looks while somebody waits.
EVERY = 0.2


class Arrivals:
    """Tells when the log has grown beyond a place. Made inside a running event loop, or used only there."""

    def __init__(self, history: History, every: float = EVERY) -> None:
        self._history = history
        self._every = every
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._watch: asyncio.Task[None] | None = None
        self._closed = False

    async def beyond(self, position: int, seconds: float) -> bool:
        """Wait until the log has grown beyond a position; False when it has not in time, or nobody waits any more."""
        if self._closed:
            return False
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = position
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(waiter, None)
        return not self._closed

    async def close(self) -> None:
        """Let nobody wait any more: the process drains."""
        self._closed = True
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def _look(self) -> None:
        while self._waiting:
            with suppress(StoreFault):
                self._tell(await self._history.position())
            await asyncio.sleep(self._every)

    def _tell(self, reached: int) -> None:
        for waiter, position in self._waiting.items():
            if reached > position and not waiter.done():
                waiter.set_result(None)
