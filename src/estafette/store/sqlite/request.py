"""What the writer is asked to commit, and who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import apsw

from estafette.model.message import Submission
from estafette.store.interface.spool import Settlement
from estafette.store.sqlite.batch import Batch, Fence

#: A function of the writer's connection and the current batch.
Act = Callable[[apsw.Connection, Batch], Any]
#: What the event loop writes itself: more rows or octets in one go would hold up its sessions for milliseconds.
BRIEF_ROWS = 128
BRIEF_OCTETS = 2 << 20


class Request:
    """Something to commit. ``future`` is resolved when it is synced or has failed."""

    __slots__ = ("future", "submissions", "settlements", "fence", "act")  # noqa: RUF023 - in order of use

    def __init__(
        self,
        future: asyncio.Future[Any],
        submissions: Sequence[Submission] = (),
        settlements: Sequence[Settlement] = (),
        fence: Fence | None = None,
        act: Act | None = None,
    ) -> None:
        self.future = future
        self.submissions = submissions
        self.settlements = settlements
        self.fence = fence
        self.act = act


def brief(group: Sequence[Request]) -> bool:
    """True when writing a group takes little time, known beforehand: accepts and settles, not many of them."""
    rows = octets = 0
    for request in group:
        if request.act is not None:
            return False
        for submission in request.submissions:
            rows += len(submission.deliveries)
            octets += len(submission.content.body)
        rows += len(request.settlements)
    return rows <= BRIEF_ROWS and octets <= BRIEF_OCTETS
