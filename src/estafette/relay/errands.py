"""Errands: the tasks that a line has under way, none of which may fail unnoticed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from estafette.base import log

_log = log.get("relay.line")


class Errands:
    """Made inside a running event loop. An error of an errand is logged; the others go on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def __bool__(self) -> bool:
        """Return whether any is under way."""
        return bool(self._tasks)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Send somebody."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("line_task_failed", exc_info=error)

    async def back(self) -> None:
        """Wait for those that are under way now."""
        await asyncio.wait(self._tasks)
