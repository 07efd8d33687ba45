"""The embedded spool, as the process that owns the writer sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import StoreUnavailable
from estafette.model.message import Content, Delivery, Submission
from estafette.model.rule import Filter, Rule
from estafette.store.interface.spool import (
    FeedSummary,
    Health,
    Read,
    Settlement,
    Wake,
)
from estafette.store.sqlite import acts, quarantine, sweep
from estafette.store.sqlite.backup import copy_store
from estafette.store.sqlite.batch import Batch
from estafette.store.sqlite.checkpoint import Checkpointer
from estafette.store.sqlite.contents import ContentFiles, FileWriter
from estafette.store.sqlite.database import get_meta, open_writer, set_meta
from estafette.store.sqlite.feeder import HistoryFeeder
from estafette.store.sqlite.file_reads import FileReads
from estafette.store.sqlite.frames import Greeting
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.sqlite.leases import Leases
from estafette.store.sqlite.request import Act
from estafette.store.sqlite.rows import Damaged
from estafette.store.sqlite.selection import teach, within
from estafette.store.sqlite.sites import MOVED_AT_ONCE
from estafette.store.sqlite.upgrade import add_read_mark, name_credentials
from estafette.store.sqlite.wakes import Wakes
from estafette.store.sqlite.watermark import Watermark
from estafette.store.sqlite.writer import Writer

if TYPE_CHECKING:
    from estafette.store.sqlite.server import Server

_log = log.get("store.spool")
#: Epochs of one run of the store; the next run starts above.
_EPOCHS = 1 << 24


class SqliteSpool(FileReads):
    """Implements ``Spool``. Made inside a running event loop; ``fatal`` is called when the disk fails."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        free_disk: float = 0.1,
        fatal: Callable[[StoreUnavailable], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.path = folder / "spool.db"
        self._fatal = fatal
        self._clock = clock
        self.files = ContentFiles(folder / "contents")
        self.files.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = open_writer(self.path, schema="schema.sql")
        teach(connection)
        name_credentials(connection)
        add_read_mark(connection)
        base = (get_meta(connection, "epoch") or 0) + _EPOCHS
        set_meta(connection, "epoch", base)
        self.leases = Leases(base)
        self.wakeups = Wakes(self.leases)
        self._checkpoints = Checkpointer(self.path, connection)
        self._writer = Writer(connection, clock, self, self.files.remove)
        self._watermark = Watermark(folder, clock, free_disk)
        self._open(self.path)
        self._set_aside: set[tuple[int, int]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.feeder: HistoryFeeder | None = None
        self.history: SqliteHistory | None = None
        self.server: Server | None = None

    # What the writer tells us.

    def arrived(self, deliveries: Sequence[Delivery]) -> None:
        """Pass durable deliveries on to their couriers."""
        self.wakeups.arrived(deliveries)

    def fatal(self, error: StoreUnavailable) -> None:
        """Tell whoever runs the process that it must stop."""
        self._fatal(error)

    def committed(self) -> None:
        """Let the feeder look at the outbox."""
        if self.feeder is not None:
            self.feeder.committed()

    async def greet(self, writer: int) -> Greeting:
        """Give another process a writer number for its ids: its own of before, else one not used for long."""
        if not writer:
            writer = await self._writer.act(lambda connection, _: acts.next_writer(connection))
        return Greeting(writer, self.high_water)

    @property
    def high_water(self) -> int:
        """The largest id that may have been given out."""
        return self._writer.high_water.mark

    # Accepting.

    def accept(self, submission: Submission) -> asyncio.Future[None]:
        """Make a submission durable."""
        return self._writer.accept(submission)

    def accept_many(self, submissions: Sequence[Submission]) -> asyncio.Future[None]:
        """Make submissions durable together."""
        return self._writer.accept(*submissions)

    async def accept_many_again(self, submissions: Sequence[Submission]) -> None:
        """Make those of them durable that are not already."""
        await self._writer.act(lambda connection, batch: acts.accept_missing(connection, batch, submissions))

    async def accept_again(self, submission: Submission) -> None:
        """Make a submission durable unless it is already: for a caller that lost the answer."""
        await self._writer.act(lambda connection, batch: acts.accept_once(connection, batch, submission))

    async def content_writer(self, message: int) -> FileWriter:
        """Open a streamed body."""
        return self.files.writer(message)

    async def open_body(self, content: Content) -> BinaryIO:
        """Open the file of a large body."""
        return self.files.open(content.file)

    # Couriers.

    async def lease(self, worker: str, want: int) -> Mapping[int, int]:
        """Give shards to a courier."""
        return self.leases.lease(worker, want)

    async def renew(self, worker: str) -> Mapping[int, int]:
        """Return the shards of a courier."""
        return self.leases.owned(worker)

    async def release(self, worker: str) -> None:
        """Free the shards of a courier and end its wakes."""
        self.leases.release(worker)
        self.wakeups.stop(worker)

    def wakes(self, worker: str) -> AsyncIterator[Wake]:
        """Listen for hints."""
        return self.wakeups.listen(worker)

    async def feeds(self, worker: str) -> Sequence[FeedSummary]:
        """Summarise a courier's feeds, in a thread."""
        shards = set(self.leases.owned(worker))
        return await self._in_thread(lambda: self._long.feeds(shards))

    def settle(self, worker: str, epochs: Mapping[int, int], settlements: Sequence[Settlement]) -> asyncio.Future[None]:
        """Commit ends of attempts."""
        return self._writer.settle(settlements, self.leases.fence(worker, epochs))

    async def place(self, sites: Mapping[str, str]) -> None:
        """Remember sites and move rows, ``MOVED_AT_ONCE`` in a commit, half of the time at most.

        What a long lane holds is not pushed beyond its first rows: its couriers read it.
        """
        lanes: list[tuple[str, str, str]] = await self._writer.act(
            lambda connection, _: acts.place(connection, self._writer.sites, sites, self._clock.now())
        )
        for domain, lane, site in lanes:
            moved = await self._writer.act(acts.mover(domain, lane, site))
            self.wakeups.arrived(moved)
            if len(moved) == MOVED_AT_ONCE:
                await self._move_on(acts.mover(domain, lane, site))

    async def _move_on(self, mover: Callable[[Any, Any], Sequence[Delivery]]) -> None:
        count = MOVED_AT_ONCE
        while count == MOVED_AT_ONCE:
            began = self._clock.monotonic()
            count = len(await self._writer.act(mover))
            await asyncio.sleep(self._clock.monotonic() - began)
        self.wakeups.reread()

    # Rules and operators.

    async def add_rule(self, rule: Rule) -> None:
        """Keep a rule and tell the couriers."""
        await self._writer.act(lambda connection, _: acts.add_rule(connection, rule))
        self.wakeups.rules_changed()

    async def remove_rules(self, kind: str, selection: Filter) -> int:
        """Lift rules and tell the couriers."""
        gone = [
            each.id
            for each in self._inline.rules()
            if each.kind == kind and not each.suspension and within(each.filter, selection)
        ]
        await self.lift_rules(gone)
        return len(gone)

    async def lift_rules(self, ids: Sequence[int]) -> None:
        """Lift rules by id and tell the couriers."""
        await self._writer.act(lambda connection, _: acts.remove_rules(connection, ids))
        if ids:
            self.wakeups.rules_changed()

    async def requeue(self, selection: Filter, now: float) -> int:
        """Make deliveries due, a stretch of rows per commit, and have the couriers read again."""
        total = 0
        after: tuple[int, int] | None = (0, 0)
        while after is not None:
            count, after = await self._writer.act(acts.requeuer(selection, now, after))
            total += count
        if total:
            self.wakeups.reread()
        return total

    async def reschedule(self, tenant: str, message: int, due: float) -> int:
        """Give a message another time, and have the couriers read again."""
        count: int = await self._writer.act(acts.rescheduler(tenant, message, due))
        if count:
            self.wakeups.reread()
        return count

    async def keep_return(self, content: Content, event: bytes) -> None:
        """Keep a message that came back."""
        await self._writer.act(lambda connection, batch: acts.keep_return(connection, batch, content, event))

    async def close_returns(self, read: Sequence[Read]) -> int:
        """Mark kept messages as read, with what came of them."""
        count: int = await self._writer.act(lambda connection, batch: acts.close_returns(connection, batch, read))
        return count

    # Events and care.

    async def record(self, events: Sequence[bytes]) -> None:
        """Log events that move no row."""

        def write(_connection: object, batch: Batch) -> None:
            batch.told(events)

        await self._writer.act(write)

    async def outbox_done(self, upto: int) -> None:
        """Forget events that the history has."""
        await self._writer.act(lambda connection, _: acts.outbox_done(connection, upto))

    async def sweep(self, now: float) -> int:
        """Remove what was kept long enough, in steps, then orphaned files, then stale notes."""
        total = 0
        while removed := await self._writer.act(lambda connection, batch: sweep.expired(connection, batch, now)):
            total += removed
        old = await self._in_thread(lambda: self.files.old_names(now))
        for start in range(0, len(old), sweep.STEP):
            names = old[start : start + sweep.STEP]
            total += await self._writer.act(partial(sweep.orphans, names=names))
        await self._writer.act(lambda connection, _: sweep.stale(connection, now))
        return total

    async def prune(self, before: float) -> int:
        """Forget old events of the history."""
        return 0 if self.history is None else await self.history.prune(before)

    def act(self, act: Act) -> asyncio.Future[Any]:
        """Run a rare write in the next transaction."""
        return self._writer.act(act)

    async def empty_outbox(self) -> None:
        """Leave nothing of what is committed by now in the outbox: the history has it."""
        if self.feeder is not None:
            await self.feeder.empty()

    async def empty_log(self) -> None:
        """Bring every page into the file and cut the write-ahead log off, so that it holds nothing of before."""
        await self._in_thread(self._checkpoints.truncate)

    async def flush(self) -> None:
        """Wait until the history has every event committed by now."""
        if self.feeder is not None:
            await self.feeder.flush()

    async def backup(self, folder: str) -> None:
        """Copy spool, history and bodies into a folder while running."""
        await copy_store(self.folder, Path(folder), self.files, self.feeder)

    def health(self) -> Health:
        """Return the last known verdict."""
        if self._writer.broken is not None:
            return Health(accepting=False, why=self._writer.broken.cause)
        verdict = self._watermark.health()
        return msgspec.structs.replace(verdict, commit_ms=self._writer.commit_seconds * 1000)

    async def close(self) -> None:
        """Finish commits and close."""
        if self.server is not None:
            await self.server.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self.feeder is not None:
            await self.feeder.close()
        await self._writer.close()
        await self._close_reads()
        await asyncio.get_running_loop().run_in_executor(None, self._checkpoints.close)

    # Damage.

    def _damaged(self, damage: Damaged) -> None:
        key = (damage.message, damage.number)
        if key not in self._set_aside:
            self._set_aside.add(key)
            task = asyncio.ensure_future(self.quarantine(*key, damage.reason))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def quarantine(self, message: int, number: int, reason: str) -> None:
        """Look at a row again and set it aside when it is damaged indeed."""
        try:
            await self._writer.act(
                lambda connection, batch: quarantine.set_aside(connection, batch, message, number, reason)
            )
        except Exception as error:  # the row stays unread; others go on
            _log.error("quarantine_failed", message=message, number=number, error=str(error))
