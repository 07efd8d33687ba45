"""Erasure over spool.db and history.db, in the process that owns them; others ask it to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import apsw

from estafette.base import log
from estafette.base.clock import Clock
from estafette.model.erasure import Erased, Erasure
from estafette.model.message import Delivery
from estafette.model.rule import Filter, Rule
from estafette.store.interface.hits import Hits
from estafette.store.sqlite import erasing
from estafette.store.sqlite.erasing import Key, Trace
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.sqlite.spool import SqliteSpool

_log = log.get("store.persons")
#: Seconds that couriers have to let go of what they hold in memory; what they attempt still is ended all the same.
LET_GO = 5.0
LOOK = 0.2
#: Commits that overwrite free pages, of 32 MiB each: what more is free was left by others long ago.
OVERWRITES = 256


class SqlitePersons:
    """Implements ``Persons``."""

    def __init__(self, spool: SqliteSpool, history: SqliteHistory, hits: Hits, clock: Clock) -> None:
        self._spool = spool
        self._history = history
        self._hits = hits
        self._clock = clock

    async def erase(self, erasure: Erasure) -> Erased:
        """Take a person out."""
        await self._spool.flush()
        await self._history.in_writer(lambda: self._history.latecomers.remember(erasure, self._clock.now()))
        cancelled = await self._end(erasure)
        await self._spool.flush()
        trace = await self._trace(erasure)
        contents, kept, until = await self._remove(erasure, trace.keys)
        events = 0
        for start in range(0, len(trace.positions), erasing.REWRITTEN):
            events += await self._rewrite(erasure, trace.positions[start : start + erasing.REWRITTEN])
        hits = await self._hits.forget(sorted(trace.keys))
        await self._overwrite()
        return Erased(events, cancelled, contents, kept, until, hits)

    async def _end(self, erasure: Erasure) -> int:
        """End what waits, after the couriers have let go of it."""
        selection = Filter(tenant=erasure.tenant, recipient=erasure.address)
        rows = await self._waiting(selection)
        if not rows:
            return 0
        number = await self._spool.act(lambda _, batch: batch.new_id())
        rule = Rule(id=number, kind="cancel", filter=selection, created=self._clock.now())
        await self._spool.add_rule(rule)
        try:
            await self._let_go(selection)
            for part in _parts(await self._waiting(selection)):
                await self._spool.act(erasing.ender(erasure, part))
        finally:
            await self._spool.lift_rules([rule.id])
        return len(rows)

    async def _let_go(self, selection: Filter) -> None:
        for _ in range(int(LET_GO / LOOK) if self._spool.leases.given else 0):
            if not (await self._spool.find(selection, limit=1)).items:
                return
            await asyncio.sleep(LOOK)

    async def _waiting(self, selection: Filter) -> list[Delivery]:
        found: list[Delivery] = []
        after: Key | None = (0, 0)
        while after is not None:
            page = await self._spool.find(selection, after=after, limit=1_000)
            found.extend(page.items)
            after = page.next
        return found

    async def _trace(self, erasure: Erasure) -> Trace:
        trace = Trace()
        cursor: int | None = 0
        while cursor is not None:
            cursor = await self._history.look(partial(erasing.look, erasure=erasure, cursor=cursor, trace=trace))
        return trace

    async def _remove(self, erasure: Erasure, keys: set[Key]) -> tuple[int, int, float]:
        messages = sorted({message for message, _ in keys})
        sole, shared = await self._spool.look(lambda connection: erasing.heads(connection, messages))
        returned = await self._quoting(erasure, "returned")
        quarantined = await self._quoting(erasure, "quarantined")
        await self._spool.act(erasing.remover(sorted(keys), sole, returned, quarantined))
        until = await self._spool.look(lambda connection: erasing.kept_until(connection, shared))
        return len(sole) + len(returned) + len(quarantined), len(shared), until

    def _quoting(self, erasure: Erasure, table: str) -> asyncio.Future[list[tuple[int, str]]]:
        def body_of(name: str) -> bytes:
            try:
                with self._spool.files.open(name) as file:
                    return file.read()
            except FileNotFoundError:
                return b""

        return self._spool.look(lambda connection: erasing.quoting(connection, erasure, table, body_of))

    def _rewrite(self, erasure: Erasure, positions: Sequence[int]) -> asyncio.Future[int]:
        history = self._history
        return history.in_writer(lambda: erasing.rewrite(history.writing(), erasure, positions))

    async def _overwrite(self) -> None:
        """Leave nothing in the outbox, in pages that are free, and in the logs before them."""
        await self._spool.empty_outbox()
        for _ in range(OVERWRITES):
            if not await self._spool.act(erasing.overwrite):
                break
        await self._spool.act(erasing.give_back)
        await self._spool.empty_log()
        await self._history.in_writer(lambda: _compact(self._history.writing()))


class PersonsClient:
    """Implements ``Persons`` in other processes. ask: calls a method of the store's process."""

    def __init__(self, ask: Callable[..., asyncio.Future[Any]]) -> None:
        self._ask = ask

    async def erase(self, erasure: Erasure) -> Erased:
        """Have the store take a person out."""
        erased: Erased = await self._ask("persons.erase", erasure)
        return erased


def _parts(rows: Sequence[Delivery]) -> list[Sequence[Delivery]]:
    return [rows[start : start + erasing.REWRITTEN] for start in range(0, len(rows), erasing.REWRITTEN)]


def _compact(connection: apsw.Connection) -> None:
    """Write the file anew without its free pages; the log waits meanwhile, mail does not. Left out on a full disk."""
    try:
        connection.execute("VACUUM")
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except (apsw.FullError, apsw.BusyError) as error:
        _log.warning("not_compacted", error=str(error))
