"""A small crew of threads for work that lets go of the interpreter lock, such as RSA.

Results are handed back to the loop in batches: one wake-up of the loop serves every result that is ready by then,
which a plain executor does not do (facts: engine, section 4.5; the signing threads are half the cost of a message).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from estafette.base import log

#: Called in the loop with (result, None) or (None, error).
Then = Callable[[Any, BaseException | None], None]
_Job = tuple[Then, Callable[..., Any], tuple[Any, ...]]

_log = log.get("base.crew")


class Crew:
    """``threads`` workers serving one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: int, name: str) -> None:
        self._loop = loop
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._done: deque[tuple[Then, Any, BaseException | None]] = deque()
        self._called = False
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    def start(self, then: Then, function: Callable[..., Any], *arguments: Any) -> None:
        """Run ``function(*arguments)`` in a thread and call ``then`` in the loop: for what is done very often."""
        self._jobs.put((then, function, arguments))

    def submit(self, function: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        """Run ``function(*arguments)`` in a thread; the future belongs to the crew's loop."""
        future = self._loop.create_future()

        def then(result: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.start(then, function, *arguments)
        return future

    def close(self) -> None:
        """Let the threads end after the work already given."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            then, function, arguments = job
            try:
                self._hand_back(then, function(*arguments), None)
            except BaseException as error:
                self._hand_back(then, None, error)

    def _hand_back(self, then: Then, result: Any, error: BaseException | None) -> None:
        # First the result, then the look: whoever clears the flag takes everything that was there before.
        self._done.append((then, result, error))
        if not self._called:
            self._called = True
            try:
                self._loop.call_soon_threadsafe(self._collect)
            except RuntimeError:  # the loop was closed first; nobody waits any more
                return

    def _collect(self) -> None:
        self._called = False
        done = self._done
        while done:
            then, result, error = done.popleft()
            try:
                then(result, error)
            except Exception as fault:
                _log.error("result_not_taken", exc_info=fault)
