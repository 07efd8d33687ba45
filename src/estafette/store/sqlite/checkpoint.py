"""Checkpoints beside the writer: pages go from the log to the file without a commit waiting for it.

While commits go on, a thread never reaches the end of the log. So it copies and syncs all but the last few frames, and
those the writer copies itself, between two commits. Then the log begins anew over its own old octets: it neither grows,
which each sync would have to journal, nor needs fresh memory.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import apsw

from estafette.base import log
from estafette.store.sqlite.database import BUSY_MS, PAGE

_log = log.get("store.checkpoint")
#: Log growth after which pages are copied in the background.
PASSIVE_PAGES = (16 << 20) // PAGE
#: So few frames are left to the writer; with more the thread makes another round.
LAST_PAGES = (2 << 20) // PAGE
#: Rounds of the thread before it leaves the rest to a later time.
ROUNDS = 4
#: Log size past which the writer is made to wait until the log can start anew.
RESTART_PAGES = (256 << 20) // PAGE
#: Seconds to wait for an emptied log.
EMPTIED_WITHIN = 30.0


class Checkpointer:
    """A thread with a connection of its own, told by the writer's hook how long the log has become."""

    def __init__(self, path: Path, writer: apsw.Connection) -> None:
        self._connection = apsw.Connection(str(path))
        self._connection.set_busy_timeout(BUSY_MS)
        self._connection.pragma("wal_autocheckpoint", 0)
        self._connection.pragma("schema_version")  # a connection that has read nothing checkpoints nothing
        # To close any descriptor of the file drops SQLite's locks on it (POSIX), so this one stays open to the end.
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._wanted = threading.Event()
        self._pages = 0
        self._next = PASSIVE_PAGES
        self._nearly = False
        self._failed = False
        self._closing = False
        self._empty = False
        self._emptied = threading.Event()
        writer.set_wal_hook(self._grown)
        self._thread = threading.Thread(target=self._run, name="store-checkpoint", daemon=True)
        self._thread.start()

    def _grown(self, writer: apsw.Connection, _name: str, pages: int) -> int:
        """Called after each commit, in the writer's thread; an IOError here breaks the store like a failed commit."""
        if pages < self._pages:
            self._next = PASSIVE_PAGES
        self._pages = pages
        if self._nearly:
            self._nearly = False
            self._copy(writer, apsw.SQLITE_CHECKPOINT_PASSIVE)
        elif pages >= self._next:
            self._next = pages + PASSIVE_PAGES
            self._wanted.set()
        if self._failed:
            raise apsw.IOError("a checkpoint could not be synced")
        return apsw.SQLITE_OK

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._closing:
                break
            if self._empty:
                self._empty = False
                self._copy(self._connection, apsw.SQLITE_CHECKPOINT_TRUNCATE)
                self._emptied.set()
            elif self._pages > RESTART_PAGES:
                self._copy(self._connection, apsw.SQLITE_CHECKPOINT_RESTART)
            else:
                self._approach()
        self._connection.close()

    def _approach(self) -> None:
        """Copy and sync until little is left, so that the writer's part, and its sync, are short."""
        for _ in range(ROUNDS):
            left = self._copy(self._connection, apsw.SQLITE_CHECKPOINT_PASSIVE)
            if left is None or not self._sync():
                return
            if left <= LAST_PAGES:
                self._nearly = True
                return

    def _sync(self) -> bool:
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _copy(self, connection: apsw.Connection, mode: int) -> int | None:
        """Return how many frames are left to copy, None when it could not be done."""
        try:
            frames, done = connection.wal_checkpoint(mode=mode)
        except apsw.BusyError:
            _log.info("checkpoint_busy")
        except apsw.IOError as error:
            self._fail(error)
        except apsw.Error as error:  # the log stays; the next one tries again
            _log.error("checkpoint_failed", error=str(error))
        else:
            return frames - done
        return None

    def _fail(self, error: Exception) -> None:
        """A failed sync is never retried: pages may be gone that the log, begun anew, would no longer hold."""
        _log.error("checkpoint_failed", error=str(error))
        self._failed = True

    def truncate(self) -> None:
        """Empty the log, and wait for it; called from any thread. Left to a later time when the file is too busy."""
        self._emptied.clear()
        self._empty = True
        self._wanted.set()
        self._emptied.wait(EMPTIED_WITHIN)

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._wanted.set()
        self._thread.join()
        os.close(self._fd)
