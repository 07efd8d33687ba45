"""The thread that waits for the disk: it commits transactions one after the other and tells what came of each.

Errors: a full disk undoes the transaction and fails its callers, since nothing of it was made visible and the log's
next frames overwrite it; any other I/O error, a failed sync above all, is never retried, because after it the kernel
may have dropped the pages while claiming success.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

import apsw

from estafette.base import log
from estafette.base.errors import StoreFault, StoreUnavailable
from estafette.model.message import Delivery
from estafette.store.sqlite.request import Request
from estafette.store.sqlite.transaction import Ground, Transaction

_log = log.get("store.writer")


class Answer:
    """What came of a group: a result or an error for each request. ``broken`` means that the store must stop."""

    def __init__(self, group: Sequence[Request]) -> None:
        self.group = group
        self.results: list[Any] = []
        self.arrived: list[Delivery] = []
        self.dead_files: list[str] = []
        self.broken: StoreUnavailable | None = None


class Committer:
    """Commits what it is given. ``tell`` is called in the thread, once for each transaction and in their order."""

    def __init__(
        self, ground: Ground, tell: Callable[[Answer], None], remove_files: Callable[[Sequence[str]], None]
    ) -> None:
        self._ground = ground
        self._tell = tell
        self._remove_files = remove_files
        self._queue: SimpleQueue[Transaction | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def commit(self, transaction: Transaction) -> None:
        """Commit a transaction, written or not; the connection is the thread's until its answer."""
        self._queue.put(transaction)

    def close(self) -> None:
        """End the thread, which closes the connection."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (transaction := self._queue.get()) is not None:
            answer = Answer(transaction.group)
            self._commit(transaction, answer)
            self._tell(answer)
            if answer.dead_files:
                self._remove_files(answer.dead_files)
        self._ground.connection.close()

    def _commit(self, transaction: Transaction, answer: Answer) -> None:
        """Commit a group; when one request spoils it, commit each by itself so that only the culprit fails."""
        group = transaction.group
        try:
            batch = transaction.commit()
        except apsw.FullError as error:
            answer.results += [_full(error)] * len(group)
        except (apsw.IOError, apsw.CorruptError, apsw.NotADBError, apsw.CantOpenError) as error:
            answer.broken = _broken(error)
            answer.results += [answer.broken] * len(group)
        except Exception as error:
            if len(group) > 1:
                self._commit_each(group, answer)
            else:
                answer.results.append(_fault(error))
        else:
            answer.results += transaction.results
            answer.arrived += batch.arrived
            answer.dead_files += batch.dead_files

    def _commit_each(self, group: Sequence[Request], answer: Answer) -> None:
        for request in group:
            if answer.broken is None:
                self._commit(Transaction(self._ground, [request]), answer)
            else:
                answer.results.append(answer.broken)


def _full(error: Exception) -> StoreUnavailable:
    _log.error("disk_full", error=str(error))
    return StoreUnavailable(
        "the disk is full",
        place="spool.db",
        fix="free some space; mail is refused until then",
        temporary=True,
    )


def _broken(error: Exception) -> StoreUnavailable:
    _log.critical("store_broken", error=str(error))
    return StoreUnavailable(
        f"the store failed to write: {error}",
        place="spool.db",
        fix="look at the disk and the kernel log, then start the service again",
    )


def _fault(error: Exception) -> StoreFault:
    if isinstance(error, StoreFault):
        return error
    _log.error("write_failed", error=str(error), kind=type(error).__name__)
    fault = StoreFault(f"the store refused a write: {error}", place="spool.db")
    fault.__cause__ = error
    return fault
