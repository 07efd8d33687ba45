"""What every process reads straight from the spool's file, whoever writes it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw

from estafette.model.message import Content
from estafette.model.rule import Filter, Rule
from estafette.store.interface.spool import Feed, Notice, Page, Quarantined, Taken
from estafette.store.sqlite.reader import Reader
from estafette.store.sqlite.rows import Damaged

_T = TypeVar("_T")
#: Reads of at most this many rows are done in the event loop: a thread would cost more than the read.
INLINE_ROWS = 64


class FileReads(ABC):
    """The reading half of ``Spool``. Made inside a running event loop; ``_open`` comes before the first read."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "store-reader")

    def _open(self, path: Path) -> None:
        self._inline = Reader(path, self._damaged)
        self._long = Reader(path, self._damaged_elsewhere)

    @abstractmethod
    def _damaged(self, damage: Damaged) -> None:
        """Have a row that could not be read set aside."""

    async def _close_reads(self) -> None:
        await self._in_thread(self._long.close)
        self._thread.shutdown()
        self._inline.close()

    async def waiting(self) -> Mapping[str, tuple[int, int]]:
        """Sum up by tenant, in a thread."""
        return await self._in_thread(self._long.waiting)

    async def take(
        self, feed: Feed, *, until: float, after: tuple[float, int, int] | None = None, limit: int = 500,
        exclude: Sequence[Rule] = (),
    ) -> Taken:  # fmt: skip
        """Read one index range; in a thread when rules may make it long."""
        if limit <= INLINE_ROWS and not exclude:
            return self._inline.take(feed, until, after, limit, ())
        return await self._in_thread(lambda: self._long.take(feed, until, after, limit, exclude))

    async def contents(self, ids: Sequence[int]) -> Mapping[int, Content]:
        """Read contents."""
        if len(ids) <= INLINE_ROWS:
            return self._inline.contents(ids)
        return await self._in_thread(lambda: self._long.contents(ids))

    async def rules(self) -> Sequence[Rule]:
        """Read the rules."""
        return self._inline.rules()

    async def find(self, selection: Filter, *, after: tuple[int, int] | None = None, limit: int = 100) -> Page:
        """Read one page, in a thread."""
        return await self._in_thread(lambda: self._long.find(selection, after, limit))

    async def notices(self, now: float, limit: int = 100) -> Sequence[Notice]:
        """Read due notices."""
        return self._inline.notices(now, limit)

    async def remembered(self, ids: Sequence[int]) -> Mapping[int, Content]:
        """Read what is known of messages."""
        return self._inline.remembered(ids)

    async def returned(self, ids: Sequence[int]) -> Mapping[int, Content]:
        """Read messages that came back, in a thread."""
        return await self._in_thread(lambda: self._long.returned(ids))

    async def returned_heads(self, ids: Sequence[int]) -> Mapping[int, Content]:
        """Read messages that came back without their bodies, in a thread."""
        return await self._in_thread(lambda: self._long.returned_heads(ids))

    async def unread(self, limit: int = 500, after: int = 0) -> Sequence[tuple[int, Content | None]]:
        """Read kept messages nobody has read, in a thread."""
        return await self._in_thread(lambda: self._long.unread(limit, after))

    async def outbox(self, after: int, limit: int = 1000) -> Sequence[tuple[int, bytes]]:
        """Read events in commit order."""
        return self._inline.outbox(after, limit)

    async def quarantined(self) -> Sequence[Quarantined]:
        """Read what was set aside."""
        return self._inline.quarantined()

    async def counts(self) -> Mapping[str, int]:
        """Read the ledger's counters."""
        return await self._in_thread(self._long.counts)

    def _damaged_elsewhere(self, damage: Damaged) -> None:
        self._loop.call_soon_threadsafe(self._damaged, damage)

    def look(self, work: Callable[[apsw.Connection], _T]) -> asyncio.Future[_T]:
        """Run a reading that no method has, in a thread."""
        return self._in_thread(lambda: self._long.look(work))

    def _in_thread(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        return self._loop.run_in_executor(self._thread, work)
