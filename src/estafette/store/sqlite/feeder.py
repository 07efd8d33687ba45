"""The feeder: carries events from the outbox to the history, in the history's own thread."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from estafette.base import log
from estafette.store.sqlite.database import get_meta
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.sqlite.reader import Reader

_log = log.get("store.feeder")
#: Events of one history commit.
BATCH = 5_000
#: Seconds in which events gather before they are carried over.
GATHER = 0.05
#: Events after which the outbox is told to forget, and the seconds after which it is told anyway.
FORGET_EVENTS = 20_000
FORGET_SECONDS = 1.0


class _Outbox(Protocol):
    """What the feeder needs of the spool."""

    path: Path

    async def outbox_done(self, upto: int) -> None: ...


class HistoryFeeder:
    """Runs until closed. The outbox forgets an event only when the history has it on disk."""

    def __init__(self, spool: _Outbox, history: SqliteHistory) -> None:
        self._spool = spool
        self._history = history
        self._reader = Reader(spool.path, lambda _: None)
        self._bell = asyncio.Event()
        self._bell.set()
        self._running = asyncio.Lock()
        self._position: int | None = None
        self._told_at = 0.0
        self._count = 0
        self._task = asyncio.create_task(self._run(), name="history-feeder")

    def committed(self) -> None:
        """Something was committed to the spool."""
        self._bell.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wait()
            self._bell.clear()
            try:
                await self.flush()
                if self._count >= FORGET_EVENTS or loop.time() - self._told_at >= FORGET_SECONDS:
                    await self._forget()
            except Exception as error:  # the history may be ill; mail goes on, the outbox keeps the events
                _log.error("history_feed_failed", error=str(error))
                await asyncio.sleep(1.0)
            await asyncio.sleep(GATHER)

    async def _wait(self) -> None:
        """Wait for a commit; with events still to be forgotten, at most a second."""
        if not self._count:
            await self._bell.wait()
            return
        try:
            async with asyncio.timeout(FORGET_SECONDS):
                await self._bell.wait()
        except TimeoutError:
            pass

    async def flush(self) -> None:
        """Carry over everything that is committed now."""
        async with self._running:
            while await self._history.in_writer(self._carry) == BATCH:
                pass

    def _carry(self) -> int:
        if self._position is None:
            self._position = get_meta(self._history.writing(), "position") or 0
        events = self._reader.outbox(self._position, BATCH)
        if events:
            self._history.add(events)
            self._position = events[-1][0]
            self._count += len(events)
        return len(events)

    async def _forget(self) -> None:
        self._told_at = asyncio.get_running_loop().time()
        if self._count and self._position is not None:
            upto, self._count = self._position, 0
            await self._history.in_writer(self._history.sync)
            await self._spool.outbox_done(upto)

    async def empty(self) -> None:
        """Carry over everything that is committed now, and have the outbox forget it."""
        await self.flush()
        await self._forget()

    def pause(self) -> asyncio.Lock:
        """Return the lock that keeps the feeder still while it is held."""
        return self._running

    async def close(self) -> None:
        """Carry over what is left, then stop."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()
        await self._history.in_writer(self._reader.close)
