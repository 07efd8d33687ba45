"""The one writer: each transaction holds whatever arrived while the one before it was being synced.

Accepts and settles, if they are not too many, are written by the event loop itself: it holds the interpreter's lock
already, while a thread would have to win it back after each step of SQLite. Only the commit, which waits for the disk,
and work that may take long are the committer's, a thread. One transaction is under way at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import apsw

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import StoreUnavailable
from estafette.model.message import Delivery, Submission
from estafette.store.interface.spool import Settlement
from estafette.store.sqlite.batch import Fence
from estafette.store.sqlite.committer import Answer, Committer
from estafette.store.sqlite.highwater import HighWater
from estafette.store.sqlite.request import Act, Request, brief
from estafette.store.sqlite.sites import Sites
from estafette.store.sqlite.transaction import Ground, Transaction

_log = log.get("store.writer")
#: Most requests in one commit; keeps a commit, and thereby everyone's wait, short.
GROUP = 1_024


class Listener(Protocol):
    """Who is told what happened; all are called in the event loop's thread."""

    def arrived(self, deliveries: Sequence[Delivery]) -> None:
        """These deliveries are durable."""
        ...

    def committed(self) -> None:
        """Something, perhaps events, was committed."""
        ...

    def fatal(self, error: StoreUnavailable) -> None:
        """The store can no longer write; stop the process."""
        ...


class Writer:
    """Owns the writing connection. Its methods are called from the event loop's thread.

    ``broken`` is set for good when the disk failed: everything pending fails, and so does whatever comes later.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        clock: Clock,
        listener: Listener,
        remove_files: Callable[[Sequence[str]], None],
    ) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._ground = Ground(connection, clock)
        self._committer = Committer(self._ground, self._answered, remove_files)
        self._pending: list[Request] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False
        self.broken: StoreUnavailable | None = None

    @property
    def high_water(self) -> HighWater:
        """The stored mark of ids."""
        return self._ground.high_water

    @property
    def sites(self) -> Sites:
        """Where domains are placed; for acts, inside their transaction."""
        return self._ground.sites

    @property
    def commit_seconds(self) -> float:
        """How long a transaction takes, the last ones weighing most."""
        return self._ground.commit_seconds

    def accept(self, *submissions: Submission) -> asyncio.Future[None]:
        """Commit submissions together."""
        return self._put(Request(self._loop.create_future(), submissions=submissions))

    def settle(self, settlements: Sequence[Settlement], fence: Fence) -> asyncio.Future[None]:
        """Commit ends of attempts."""
        return self._put(Request(self._loop.create_future(), settlements=settlements, fence=fence))

    def act(self, act: Act) -> asyncio.Future[Any]:
        """Run a function inside the next transaction, in the committer's thread; return what it returned."""
        return self._put(Request(self._loop.create_future(), act=act))

    def _put(self, request: Request) -> asyncio.Future[Any]:
        if self.broken is not None or self._closing:
            request.future.set_exception(self.broken or StoreUnavailable("the store is closed"))
            return request.future
        self._pending.append(request)
        if self._idle.is_set():
            self._idle.clear()
            self._loop.call_soon(self._begin)
        return request.future

    async def close(self) -> None:
        """Commit what is pending, then end the thread and close the connection."""
        if not self._closing:
            self._closing = True
            await self._idle.wait()
            await self._loop.run_in_executor(None, self._committer.close)

    def _begin(self) -> None:
        """Take everything that waits into a transaction."""
        group, self._pending = self._pending[:GROUP], self._pending[GROUP:]
        transaction = Transaction(self._ground, group)
        if brief(group):
            transaction.write()
        self._committer.commit(transaction)

    def _answered(self, answer: Answer) -> None:
        """Wake the event loop, once for a whole group; called in the committer's thread."""
        try:
            self._loop.call_soon_threadsafe(self._ended, answer)
        except RuntimeError:  # the loop was closed; nobody waits any more
            _log.warning("answers_unheard", count=len(answer.group))

    def _ended(self, answer: Answer) -> None:
        """Start the next transaction, so that the disk does not rest, then resolve every waiter of this one."""
        if answer.broken is not None:
            self._break(answer.broken)
        if self._pending:
            self._begin()
        else:
            self._idle.set()
        for request, result in zip(answer.group, answer.results, strict=True):
            _resolve(request.future, result)
        if answer.arrived:
            self._listener.arrived(answer.arrived)
        self._listener.committed()

    def _break(self, error: StoreUnavailable) -> None:
        self.broken = error
        self._listener.fatal(error)
        pending, self._pending = self._pending, []
        for request in pending:
            _resolve(request.future, error)


def _resolve(future: asyncio.Future[Any], result: Any) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
