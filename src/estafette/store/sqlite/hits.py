"""Raw hits in history.db: written by the history's thread, read by every process straight from the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import apsw
import msgspec

from estafette.model.tracking import RawHit
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.sqlite.statements import run_many, sql

_FILE = "hits.sql"
#: Hits of one pruning commit, messages of one question.
PRUNED_AT_ONCE = 2_000
_MESSAGES = 500
#: Hits kept of one recipient's copy: some hundred links, fetched some times over.
MOST = 1_000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(RawHit).decode


class HitReads:
    """The reading half of ``Hits``."""

    def __init__(self, history: SqliteHistory) -> None:
        self._history = history

    async def open(self, before: float, limit: int = 10_000) -> Sequence[RawHit]:
        """Return hits of the messages of the ``limit`` oldest open ones; with their others these may be more."""
        return _hits(await self._history.rows(sql("open", file=_FILE), (before, limit)))

    async def between(self, start: float, end: float, limit: int = 100_000) -> Sequence[RawHit]:
        """Return hits of a span."""
        return _hits(await self._history.rows(sql("between", file=_FILE), (start, end, limit)))

    async def of_messages(self, messages: Sequence[int]) -> Sequence[RawHit]:
        """Return all hits of some messages."""
        found: list[RawHit] = []
        for start in range(0, len(messages), _MESSAGES):
            part = messages[start : start + _MESSAGES]
            found += _hits(await self._history.rows(sql("of_messages", len(part), _FILE), tuple(part)))
        return sorted(found, key=lambda hit: (hit.at, hit.id))


class SqliteHits(HitReads):
    """Implements ``Hits`` in the process that owns the store. What is written is synced before the call returns."""

    async def add(self, hits: Sequence[RawHit]) -> None:
        """Keep hits, ``MOST`` of one recipient's copy."""
        rows = [(hit.id, hit.at, hit.message, hit.number, _encode(hit), MOST - 1) for hit in hits]
        await self._written(lambda connection: connection.executemany(sql("insert", file=_FILE), rows))

    async def close_up(self, ids: Sequence[int]) -> None:
        """Mark hits as final."""
        await self._written(lambda connection: run_many(connection, "close_up", [(each,) for each in ids], file=_FILE))

    async def forget(self, messages: Sequence[tuple[int, int]]) -> int:
        """Remove the hits of recipients."""

        def work(connection: apsw.Connection) -> int:
            before = connection.total_changes()
            run_many(connection, "forget", messages, file=_FILE)
            return connection.total_changes() - before

        count: int = await self._written(work)
        return count

    async def prune(self, before: float) -> int:
        """Remove old hits in short commits."""
        total = 0
        while removed := await self._written(lambda connection: _pruned(connection, before)):
            total += removed
        return total

    def _written(self, work: Callable[[apsw.Connection], Any]) -> asyncio.Future[Any]:
        def commit() -> Any:
            connection = self._history.writing()
            with connection:
                answer = work(connection)
            self._history.sync()
            return answer

        return self._history.in_writer(commit)


class HitsClient(HitReads):
    """Implements ``Hits`` in other processes. ask: calls a method of the store's process."""

    def __init__(self, history: SqliteHistory, ask: Callable[..., asyncio.Future[Any]]) -> None:
        super().__init__(history)
        self._ask = ask

    async def add(self, hits: Sequence[RawHit]) -> None:
        """Have the store keep hits."""
        await self._ask("hits.add", list(hits))

    async def close_up(self, ids: Sequence[int]) -> None:
        """Have the store mark hits as final."""
        await self._ask("hits.close_up", list(ids))

    async def forget(self, messages: Sequence[tuple[int, int]]) -> int:
        """Have the store remove the hits of recipients."""
        count: int = await self._ask("hits.forget", list(messages))
        return count

    async def prune(self, before: float) -> int:
        """Have the store remove old hits."""
        count: int = await self._ask("hits.prune", before)
        return count


def _pruned(connection: apsw.Connection, before: float) -> int:
    connection.execute(sql("prune", file=_FILE), (before, PRUNED_AT_ONCE))
    return connection.changes()


def _hits(rows: Sequence[tuple[Any, ...]]) -> list[RawHit]:
    return [_decode(blob) for (blob,) in rows]
