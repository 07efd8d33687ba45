"""The one door to the store: an address in, interfaces out. Only this module knows which backend there is."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from estafette.base.clock import Clock
from estafette.base.errors import ConfigFault, StoreUnavailable
from estafette.base.ids import Mint
from estafette.store.interface.history import History
from estafette.store.interface.hits import Hits
from estafette.store.interface.persons import Persons
from estafette.store.interface.spool import Spool
from estafette.store.interface.statistics import Statistics

Role = Literal["owner", "client"]


class SystemClock:
    """The machine's clock, for callers that bring none."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


class Store:
    """An open store. ``mint`` makes ids that no other process of this store makes."""

    def __init__(
        self, spool: Spool, history: History, hits: Hits, statistics: Statistics, persons: Persons,
        folder: Path, mint: Mint, close: Callable[[], object],
    ) -> None:  # fmt: skip
        self.spool = spool
        self.history = history
        self.hits = hits
        self.statistics = statistics
        self.persons = persons
        self.folder = folder
        self.mint = mint
        self._close = close

    async def close(self) -> None:
        """Close everything and release the lock."""
        await self.spool.close()
        await self.statistics.close()
        await self.history.close()
        self._close()


def is_folder(url: str) -> bool:
    """True when the store is a folder of this machine, False when it is a shared database."""
    return not url.startswith("postgresql://")


def folder_of(url: str) -> Path:
    """Return the data folder of ``sqlite:///folder``; ConfigFault for another kind of address."""
    if not is_folder(url):
        raise ConfigFault(
            "PostgreSQL holds control data only; mail in the queue and its history need a folder",
            place="store.url",
            fix="use sqlite:///absolute/folder for a service that takes mail",
        )
    scheme, separator, rest = url.partition("://")
    if scheme != "sqlite" or not separator or not rest.startswith("/"):
        raise ConfigFault(f"no backend for {scheme!r}", place="store.url", fix="use sqlite:///absolute/folder")
    return Path("/" + rest.lstrip("/"))


class Lock:
    """The exclusive lock on a data folder; it ends with the process whatever happens."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise StoreUnavailable(
                "another process owns the store",
                place=os.fspath(folder),
                fix="use the running service, or stop it",
            ) from None

    def release(self) -> None:
        """Let others open the store."""
        os.close(self._fd)


def store_running(url: str) -> bool:
    """True when a process owns the store, so that others must be its clients."""
    folder = folder_of(url)
    if not (folder / "lock").exists():
        return False
    try:
        Lock(folder).release()
    except StoreUnavailable:
        return True
    return False


async def open_store(
    url: str,
    *,
    role: Role = "owner",
    clock: Clock | None = None,
    free_disk: float = 0.1,
    fatal: Callable[[StoreUnavailable], None] | None = None,
) -> Store:
    """Open the store as its owner (takes the lock, serves the socket) or as a client of its owner.

    fatal: called in the owner's event loop when the disk failed and the process must stop.
    """
    folder = folder_of(url)
    if role == "client":
        return await _open_client(folder, clock or SystemClock())
    return await _open_owner(folder, clock or SystemClock(), free_disk, fatal or (lambda _: None))


def open_history(url: str) -> History:
    """Open the event log alone, for reading, whether the service runs or not; it goes on when the service restarts."""
    from estafette.store.sqlite.history import SqliteHistory

    return SqliteHistory(folder_of(url), read_only=True)


def restore_store(
    backup: Path, url: str, *, queue: Literal["hold", "drop", "resume"] = "hold", clock: Clock | None = None
) -> int:
    """Put a backup into the empty data folder of ``url``; return how many deliveries wait in it (blocks)."""
    from estafette.store.sqlite.restore import restore

    folder = folder_of(url)
    lock = Lock(folder)
    try:
        return restore(backup, folder, queue=queue, clock=clock or SystemClock())
    finally:
        lock.release()


async def _open_owner(folder: Path, clock: Clock, free_disk: float, fatal: Callable[[StoreUnavailable], None]) -> Store:
    from estafette.store.sqlite.feeder import HistoryFeeder
    from estafette.store.sqlite.history import SqliteHistory
    from estafette.store.sqlite.hits import SqliteHits
    from estafette.store.sqlite.persons import SqlitePersons
    from estafette.store.sqlite.server import serve
    from estafette.store.sqlite.spool import SqliteSpool
    from estafette.store.sqlite.statistics import SqliteStatistics

    lock = Lock(folder)
    try:
        spool = SqliteSpool(folder, clock, free_disk=free_disk, fatal=fatal)
        history = SqliteHistory(folder)
        spool.history = history
        spool.feeder = HistoryFeeder(spool, history)
        hits = SqliteHits(history)
        persons = SqlitePersons(spool, history, hits, clock)
        spool.server = await serve(spool, folder / "store.sock", {"hits": hits, "persons": persons})
    except BaseException:
        lock.release()
        raise
    mint = Mint(clock.now, writer=0, floor=spool.high_water)
    return Store(spool, history, hits, SqliteStatistics(history), persons, folder, mint, lock.release)


async def _open_client(folder: Path, clock: Clock) -> Store:
    from estafette.store.sqlite.client import SpoolClient
    from estafette.store.sqlite.history import SqliteHistory
    from estafette.store.sqlite.hits import HitsClient
    from estafette.store.sqlite.persons import PersonsClient
    from estafette.store.sqlite.statistics import SqliteStatistics

    spool = SpoolClient(folder, clock)
    greeting = await spool.connect()
    mint = Mint(clock.now, writer=greeting.writer, floor=greeting.high_water)
    history = SqliteHistory(folder, read_only=True)
    hits, statistics = HitsClient(history, spool.ask), SqliteStatistics(history)
    return Store(spool, history, hits, statistics, PersonsClient(spool.ask), folder, mint, lambda: None)
