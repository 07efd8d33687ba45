"""The spool as other processes see it: writes through the store's socket, reads straight from the file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from estafette.base.clock import Clock
from estafette.model.message import Content, Submission
from estafette.model.rule import Filter, Rule
from estafette.store.interface.spool import (
    FeedSummary,
    Health,
    Read,
    Settlement,
    Wake,
)
from estafette.store.sqlite.contents import ContentFiles, FileWriter
from estafette.store.sqlite.file_reads import FileReads
from estafette.store.sqlite.frames import Greeting
from estafette.store.sqlite.link import Link
from estafette.store.sqlite.rows import Damaged
from estafette.store.sqlite.wakes import Mailbox
from estafette.store.sqlite.watermark import Watermark


class SpoolClient(FileReads):
    """Implements ``Spool``. Calls wait for a store that restarts or hangs, as long as ``link`` says at most."""

    def __init__(self, folder: Path, clock: Clock, *, free_disk: float = 0.1) -> None:
        super().__init__()
        self._folder = folder
        self._link = Link(folder / "store.sock", self._wake, self._resume)
        self._files = ContentFiles(folder / "contents")
        self._watermark = Watermark(folder, clock, free_disk)
        self._owned: dict[str, dict[int, int]] = {}
        self._boxes: dict[str, Mailbox] = {}
        self._tasks: set[asyncio.Future[Any]] = set()
        self._writer_number = 0

    async def connect(self) -> Greeting:
        """Connect and learn what this process may call its ids; StoreUnavailable when no store answers."""
        await self._link.open()
        greeting: Greeting = await self._link.call("hello", self._writer_number)
        self._writer_number = greeting.writer
        self._open(self._folder / "spool.db")
        return greeting

    async def _resume(self) -> None:
        """Take up shards and wakes again on a new connection; what was missed is read again."""
        for worker, epochs in tuple(self._owned.items()):
            self._owned[worker] = await self._link.call("resume", worker, epochs, urgent=True)
        for worker, box in self._boxes.items():
            await self._link.call("listen", worker, urgent=True)
            box.note(rules=True, reread=True)

    def ask(self, method: str, *arguments: Any) -> asyncio.Future[Any]:
        """Call a method of another room of the store; it must bear to be asked twice."""
        return self._link.call(method, *arguments)

    # Accepting.

    def accept(self, submission: Submission) -> Awaitable[None]:
        """Make a submission durable; after a lost answer it is asked again without doubling it."""
        return self._link.call("accept", submission, again="accept_again")

    def accept_many(self, submissions: Sequence[Submission]) -> Awaitable[None]:
        """Make submissions durable together; as ``accept``."""
        return self._link.call("accept_many", list(submissions), again="accept_many_again")

    async def content_writer(self, message: int) -> FileWriter:
        """Open a streamed body."""
        return self._files.writer(message)

    async def open_body(self, content: Content) -> BinaryIO:
        """Open the file of a large body."""
        return self._files.open(content.file)

    # Couriers.

    async def lease(self, worker: str, want: int) -> Mapping[int, int]:
        """Ask for shards."""
        self._owned[worker] = await self._link.call("lease", worker, want)
        return self._owned[worker]

    async def renew(self, worker: str) -> Mapping[int, int]:
        """Return the shards still owned."""
        self._owned[worker] = await self._link.call("renew", worker)
        return self._owned[worker]

    async def release(self, worker: str) -> None:
        """Give up every shard."""
        self._owned.pop(worker, None)
        self._boxes.pop(worker, None)
        await self._link.call("release", worker)

    async def wakes(self, worker: str) -> AsyncIterator[Wake]:
        """Listen for hints."""
        box = self._boxes[worker] = Mailbox()
        try:
            await self._link.call("listen", worker)
            while self._boxes.get(worker) is box:
                await box.bell.wait()
                yield box.take()
        finally:
            if self._boxes.get(worker) is box:
                del self._boxes[worker]

    def _wake(self, worker: str, wake: Wake) -> None:
        box = self._boxes.get(worker)
        if box is not None:
            box.add(wake.deliveries)
            box.note(rules=wake.rules, reread=wake.reread)

    async def feeds(self, worker: str) -> Sequence[FeedSummary]:
        """Summarise a courier's feeds, in a thread."""
        shards = set(self._owned.get(worker, ()))
        return await self._in_thread(lambda: self._long.feeds(shards))

    def settle(self, worker: str, epochs: Mapping[int, int], settlements: Sequence[Settlement]) -> Awaitable[None]:
        """Commit ends of attempts; idempotent, so asked again after a lost answer."""
        return self._link.call("settle", worker, dict(epochs), list(settlements))

    async def place(self, sites: Mapping[str, str]) -> None:
        """Remember sites and move rows."""
        await self._link.call("place", dict(sites))

    # Rules and operators.

    async def add_rule(self, rule: Rule) -> None:
        """Keep a rule."""
        await self._link.call("add_rule", rule)

    async def remove_rules(self, kind: str, selection: Filter) -> int:
        """Lift rules."""
        count: int = await self._link.call("remove_rules", kind, selection)
        return count

    async def lift_rules(self, ids: Sequence[int]) -> None:
        """Lift rules by id."""
        await self._link.call("lift_rules", list(ids))

    async def requeue(self, selection: Filter, now: float) -> int:
        """Make deliveries due."""
        count: int = await self._link.call("requeue", selection, now)
        return count

    async def reschedule(self, tenant: str, message: int, due: float) -> int:
        """Give a message another time."""
        count: int = await self._link.call("reschedule", tenant, message, due)
        return count

    async def keep_return(self, content: Content, event: bytes) -> None:
        """Keep a message that came back."""
        await self._link.call("keep_return", content, event)

    async def close_returns(self, read: Sequence[Read]) -> int:
        """Mark kept messages as read; asked again after a lost answer, it finds them read."""
        count: int = await self._link.call("close_returns", list(read))
        return count

    # Events and care.

    async def record(self, events: Sequence[bytes]) -> None:
        """Log events that move no row."""
        await self._link.call("record", list(events))

    async def outbox_done(self, upto: int) -> None:
        """Forget events that the history has."""
        await self._link.call("outbox_done", upto)

    async def sweep(self, now: float) -> int:
        """Remove what was kept long enough."""
        count: int = await self._link.call("sweep", now)
        return count

    async def prune(self, before: float) -> int:
        """Have the store's process forget old events of the history."""
        count: int = await self._link.call("prune", before)
        return count

    async def flush(self) -> None:
        """Wait until the history has every event committed by now."""
        await self._link.call("flush")

    async def backup(self, folder: str) -> None:
        """Have the store's process write a copy."""
        await self._link.call("backup", os.path.abspath(folder))  # noqa: PTH100 - the store has another folder

    def health(self) -> Health:
        """Return whether the store answers and the disk has room."""
        if not self._link.connected:
            return Health(accepting=False, why="store unreachable")
        if self._link.silent:
            return Health(accepting=False, why="store does not answer")
        return self._watermark.health()

    async def close(self) -> None:
        """Close; pending calls fail."""
        await self._link.close()
        await self._close_reads()

    # Damage.

    def _damaged(self, damage: Damaged) -> None:
        """Let the owner look at the row; it decides."""
        waiter = asyncio.ensure_future(self._link.call("quarantine", damage.message, damage.number, damage.reason))
        self._tasks.add(waiter)
        waiter.add_done_callback(self._tasks.discard)
