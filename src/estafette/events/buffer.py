"""The buffer: acts of recipients on this machine's disk, so that nothing that answers them waits for a database.

A hit is answered before it is synced: a power cut costs the last milliseconds of hits. Whoever must not lose an act
waits for ``synced``.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from estafette.base import log, metrics
from estafette.base.errors import StoreUnavailable
from estafette.base.records import Abandoned, RecordFile, framed
from estafette.events.acts import Act, Counted, Group, packed

#: Seconds in which hits gather before they are written and synced together.
GATHER = 0.05
#: Octets of one file. Above so many of all files, or acts that the disk has not taken yet, hits are counted as lost and
#: unsubscriptions refused.
FILE_OCTETS = 8 << 20
MOST_OCTETS = 1 << 30
MOST_UNWRITTEN = 200_000

_log = log.get("events.buffer")
_lost = metrics.counter("acts_lost", "Hits that found no room on this machine's disk.")
_T = TypeVar("_T")


class Page:
    """One file, and what is not written to it yet: records, framed at once, so that the disk's thread needs no turn."""

    def __init__(self, path: Path, minute: int = 0) -> None:
        self.file = RecordFile(path)
        self.minute = minute
        self.records: list[bytes] = []
        self.counts: Counter[Group] = Counter()

    def take(self) -> list[bytes]:
        """Return what is to be written, and keep it no longer."""
        records, counts = self.records, self.counts
        self.records, self.counts = [], Counter()
        counted = (Counted(group, self.minute, count) for group, count in counts.items())
        return records + [framed(packed(each)) for each in counted]


class Buffer:
    """One process's. folder: shared by all of this machine; name: of this process among them. ``run`` writes."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        # A process id comes again, in a container at each start.
        self._name = f"{name}-{secrets.token_hex(4)}"
        self._number = 0
        self._octets = 0
        self._page = self._new()
        self._minutes: dict[int, Page] = {}
        self._full: deque[RecordFile] = deque()
        self._waiters: list[asyncio.Future[None]] = []
        self._written = asyncio.Event()
        self._hurry = asyncio.Event()
        self._turning = asyncio.Lock()
        self._disk = ThreadPoolExecutor(1, "acts")
        self._failing = False
        self.urgent = asyncio.Event()

    def keep(self, act: Act) -> None:
        """Have a hit written soon."""
        if self._crowded():
            _lost.inc()
            return
        self._page.records.append(framed(packed(act)))
        self._written.set()

    def count(self, group: Group, minute: int) -> None:
        """Have an aggregate hit written soon; ``judged`` takes the page of its minute."""
        if self._crowded():
            _lost.inc()
            return
        page = self._minutes.get(minute)
        if page is None:
            page = self._minutes[minute] = self._new(minute)
        page.counts[group] += 1
        self._written.set()

    async def synced(self, act: Act) -> None:
        """Return once an act is synced; StoreUnavailable when the disk does not take it."""
        if self._crowded():
            raise _refused()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._page.records.append(framed(packed(act)))
        self._waiters.append(waiter)
        self._hurry.set()
        self._written.set()
        await waiter
        self.urgent.set()

    async def run(self) -> None:
        """Write and sync whatever has gathered, until cancelled."""
        while True:
            await self._written.wait()
            try:
                async with asyncio.timeout(GATHER):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            await self.flush()

    async def flush(self) -> None:
        """Write and sync what is kept so far."""
        async with self._turning:
            self._written.clear()
            self._hurry.clear()
            waiters, self._waiters = self._waiters, []
            pages = (self._page, *self._minutes.values())
            work = [(page.file, records) for page in pages if (records := page.take())]
            error = await self._in_disk(lambda: _write(work))
            self._report(error, sum(len(records) for _, records in work))
            if self._page.file.size > FILE_OCTETS:
                self._turn()
            self._octets = sum(file.size for file in self._full)
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(_refused()) if error else waiter.set_result(None)

    def _report(self, error: OSError | None, records: int) -> None:
        if error is not None:
            _lost.inc(records)
            if not self._failing:
                _log.error("acts_not_written", cause=str(error), records=records)
        self._failing = error is not None

    async def judged(self, minute: int, facts: Sequence[Act]) -> None:
        """Replace the counts of a minute by what they were found to be, in one step; the forwarder takes it then."""
        await self.flush()
        async with self._turning:
            page = self._minutes.pop(minute, None) or self._new(minute)
            try:
                await self._in_disk(lambda: page.file.become(map(packed, facts)))
            except OSError as error:
                # What is there already tells of the same hits, as unknown ones.
                self._report(error, len(facts))
            if page.file.size:
                self._full.append(page.file)

    async def oldest(self) -> RecordFile | None:
        """Return the oldest file that is complete, made of what is kept now if there is no other; None for nothing."""
        if not self._full:
            await self.flush()
            async with self._turning:
                self._turn()
        return self._full[0] if self._full else None

    def _turn(self) -> None:
        """Begin another file, if there is anything in this one."""
        if self._page.file.size:
            self._full.append(self._page.file)
            self._page.file = self._new().file

    async def done(self, file: RecordFile) -> None:
        """Take a file away: the store has all of it."""
        self._full.remove(file)
        await self._in_disk(file.remove)

    async def set_aside(self, file: RecordFile) -> None:
        """Put a file away that the store refuses; an operator may look at it."""
        self._full.remove(file)
        await self._in_disk(lambda: file.path.rename(file.path.with_suffix(".refused")))
        file.close()

    async def adopt(self) -> int:
        """Take over the files of processes that are gone; return how many."""
        adopted = await self._in_disk(lambda: _adopted(self._folder))
        self._full.extend(adopted)
        return len(adopted)

    async def close(self) -> None:
        """Write what is kept, and let go of every file; the next run finds them."""
        await self.flush()
        for file in (self._page.file, *(page.file for page in self._minutes.values()), *self._full):
            file.close()
        self._disk.shutdown()

    def _crowded(self) -> bool:
        """Whether a store that is silent for long, or a disk that is, has left no room."""
        return self._octets > MOST_OCTETS or len(self._page.records) > MOST_UNWRITTEN

    def _new(self, minute: int = 0) -> Page:
        self._number += 1
        kind = "minute" if minute else "acts"
        return Page(self._folder / f"{self._name}-{self._number:06}.{kind}", minute)

    def _in_disk(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        return asyncio.get_running_loop().run_in_executor(self._disk, work)


def _write(work: Sequence[tuple[RecordFile, Sequence[bytes]]]) -> OSError | None:
    """Append to each file; an error of one is told to whoever waits for any."""
    failed = None
    for file, records in work:
        try:
            file.write(b"".join(records))
        except OSError as error:
            failed = error
    return failed


def _adopted(folder: Path) -> list[RecordFile]:
    adopted: list[RecordFile] = []
    for pattern in ("*.acts", "*.minute"):
        left = Abandoned(folder, pattern)
        adopted += left.adopt()
        left.close()
    torn = Abandoned(folder, "*.new")
    torn.remove()
    torn.close()
    return adopted


def _refused() -> StoreUnavailable:
    return StoreUnavailable("the disk takes no acts", place="acts", fix="free space in the data folder")
