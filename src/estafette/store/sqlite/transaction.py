"""One transaction: a group of requests is written in one thread and may be committed in another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw

from estafette.base.clock import Clock
from estafette.base.crash import point
from estafette.base.ids import Mint
from estafette.store.interface.spool import Settlement
from estafette.store.sqlite.batch import Batch, Fence
from estafette.store.sqlite.database import BUSY_MS
from estafette.store.sqlite.highwater import HighWater
from estafette.store.sqlite.request import Request
from estafette.store.sqlite.sites import Sites


class Ground:
    """What every transaction works on. Only one is under way at a time, and only it touches the connection."""

    def __init__(self, connection: apsw.Connection, clock: Clock) -> None:
        self.connection = connection
        self.clock = clock
        self.high_water = HighWater(connection)
        self.mint = Mint(clock.now, writer=255, floor=self.high_water.mark)
        self.sites = Sites()
        self.commit_seconds = 0.0


class Transaction:
    """``results`` holds what each request came to, once ``commit`` has returned."""

    def __init__(self, ground: Ground, group: Sequence[Request]) -> None:
        self.group = group
        self.results: list[Any] = []
        self._batch: Batch | None = None
        self._ground = ground
        self._error: Exception | None = None
        self._began = ground.clock.monotonic()
        self._accepts = self._settles = False

    def write(self) -> None:
        """Write, without waiting for anybody: what fails is for ``commit`` to tell, what cannot begin for it to do."""
        self._ground.connection.set_busy_timeout(0)
        try:
            self._batch = self._write()
        except apsw.BusyError:  # a checkpoint holds the file; the other thread has time to wait
            return
        except Exception as error:  # told where commits are answered
            self._error = error

    def commit(self) -> Batch:
        """Write what is not written yet, and sync; undone as a whole when anything fails."""
        if self._error is not None:
            raise self._error
        batch = self._batch
        if batch is None:
            self._ground.connection.set_busy_timeout(BUSY_MS)
            batch = self._write()
        self._point("before_commit")
        try:
            self._ground.connection.execute("COMMIT")
        except BaseException:
            self._undo()
            raise
        self._point("after_commit")
        ground = self._ground
        ground.commit_seconds += 0.1 * (ground.clock.monotonic() - self._began - ground.commit_seconds)
        return batch

    def _point(self, name: str) -> None:
        if self._accepts:
            point(f"accept.{name}")
        if self._settles:
            point(f"settle.{name}")

    def _write(self) -> Batch:
        ground = self._ground
        batch = Batch(ground.connection, ground.sites, ground.mint, ground.clock.now())
        ground.connection.execute("BEGIN IMMEDIATE")
        try:
            self._apply(batch)
            ground.high_water.cover(ground.connection, batch.largest, batch.now)
        except BaseException:
            self._undo()
            raise
        return batch

    def _apply(self, batch: Batch) -> None:
        submissions = [submission for request in self.group for submission in request.submissions]
        if submissions:
            batch.accept(submissions)
        settlements: list[Settlement] = []
        fences: list[Fence] = []
        for request in self.group:
            if request.fence is not None:
                settlements.extend(request.settlements)
                fences.extend([request.fence] * len(request.settlements))
        if settlements:
            batch.settle(settlements, fences)
        connection = self._ground.connection
        self.results = [request.act(connection, batch) if request.act else None for request in self.group]
        batch.finish()
        self._accepts, self._settles = bool(submissions), bool(settlements)

    def _undo(self) -> None:
        self._ground.sites.forget()
        self._ground.high_water.forget()
        if self._ground.connection.in_transaction:
            self._ground.connection.execute("ROLLBACK")
