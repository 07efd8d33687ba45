"""The embedded history: history.db, written by one thread, read by another, so that no report holds mail back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

from estafette.base import log
from estafette.base.errors import StoreFault
from estafette.model.event import Event, unpack
from estafette.store.interface.history import EventFilter, Stretch
from estafette.store.sqlite.batch import tallied
from estafette.store.sqlite.database import get_meta, open_reader, open_writer, set_meta
from estafette.store.sqlite.latecomers import Latecomers
from estafette.store.sqlite.statements import run_many, sql
from estafette.store.sqlite.stretch import read_incoming, read_stretch

_log = log.get("store.history")
_T = TypeVar("_T")
_FILE = "history_queries.sql"
#: Events of one pruning commit.
PRUNED_AT_ONCE = 2_000
#: Addresses of one question.
_ADDRESSES = 500
#: No position is beyond it.
_LAST = (1 << 63) - 1


class _Columns(msgspec.Struct, frozen=True, array_like=True):
    """The leading fields of an event that have columns."""

    id: int
    at: float
    kind: str
    tenant: str
    stream: str
    message: int
    number: int = 0
    recipient: str = ""
    campaign: str = ""


_columns = msgspec.msgpack.Decoder(_Columns).decode


class SqliteHistory:
    """Implements ``History``. read_only: for processes other than the store's."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.path = folder / "history.db"
        self._connection: apsw.Connection | None = None
        if not read_only:
            self._connection = open_writer(self.path, schema="history.sql", synchronous="NORMAL")
            self._connection.pragma("wal_autocheckpoint", 2_000)
            self.latecomers = Latecomers(self._connection)
        self._reader = open_reader(self.path)
        self._write_thread = ThreadPoolExecutor(1, "history-writer")
        self._read_thread = ThreadPoolExecutor(1, "history-reader")

    async def append(self, events: Sequence[tuple[int, bytes]]) -> None:
        """Add packed events; those whose id is known are passed over."""
        await self.in_writer(lambda: self.add(events))

    def add(self, events: Sequence[tuple[int, bytes]]) -> None:
        """Add packed events, in the writer's thread."""
        if not events:
            return
        rows = []
        for position, blob in events:
            try:
                head = _columns(blob)
            except msgspec.MsgspecError as error:
                _log.error("event_unreadable", position=position, error=str(error))
                continue
            recipient, written = self.latecomers.cleaned(head.tenant, head.recipient, blob)
            rows.append(
                (position, head.id, head.at, head.kind, _tally(head.kind, blob),
                 head.tenant, head.message, head.number, recipient, head.campaign, written)
            )  # fmt: skip
        connection = self.writing()
        with connection:
            run_many(connection, "insert_event", rows, file=_FILE)
            set_meta(connection, "position", max(events[-1][0], get_meta(connection, "position") or 0))

    def writing(self) -> apsw.Connection:
        """Return the writing connection; only for the writing thread."""
        if self._connection is None:
            raise StoreFault("this process only reads the history", place="history.db")
        return self._connection

    def sync(self) -> None:
        """Make every appended event survive a power cut; called before the outbox forgets them."""
        fd = os.open(f"{self.path}-wal", os.O_RDONLY)
        try:
            os.fdatasync(fd)
        finally:
            os.close(fd)

    async def position(self) -> int:
        """Return the outbox position up to which events were appended."""
        return await self._in_reader(lambda: get_meta(self._reader, "position") or 0)

    async def after(
        self, cursor: int, limit: int = 1000, selection: EventFilter | None = None
    ) -> Sequence[tuple[int, Event]]:
        """Return (cursor, event) in log order."""
        found: list[tuple[int, Event]] = []
        while True:
            part = await self.stretch(cursor, limit - len(found), selection)
            found.extend(part.items)
            if len(found) == limit or not part.more:
                return found
            cursor = part.upto

    async def stretch(self, cursor: int, limit: int = 1000, selection: EventFilter | None = None) -> Stretch:
        """Return what a bounded look finds."""
        wanted = selection or EventFilter()
        return await self._in_reader(lambda: read_stretch(self._reader, cursor, limit, wanted))

    async def of_message(self, message: int) -> Sequence[Event]:
        """Return a message's events, oldest first."""
        return [unpack(blob) for (blob,) in await self.rows(sql("of_message", file=_FILE), (message,))]

    async def of_recipients(self, keys: Sequence[tuple[int, int]]) -> Sequence[Event]:
        """Return the events of some recipients, oldest first."""
        wanted = set(keys)
        messages = sorted({message for message, _ in wanted})

        def read() -> list[tuple[Any, ...]]:
            rows = run_many(self._reader, "of_recipients", [(each,) for each in messages], file=_FILE)
            return [row for row in rows if (row[1], row[2]) in wanted or (row[1], 0) in wanted]

        found = await self._in_reader(read)
        return [unpack(blob) for *_, blob in sorted(found, key=lambda row: (row[3], row[0]))]

    async def messages(
        self, tenant: str, *, before: int = 0, limit: int = 100, campaign: str = ""
    ) -> Sequence[tuple[int, Event]]:
        """Return a tenant's messages, newest first."""
        bindings = (tenant, before or 1 << 62, campaign, campaign, limit)
        rows = await self.rows(sql("messages", file=_FILE), bindings)
        return [(position, unpack(blob)) for position, blob in rows]

    async def incoming(self, selection: EventFilter, *, before: int = 0, limit: int = 100) -> Stretch:
        """Return mail that came in, newest first."""
        return await self._in_reader(lambda: read_incoming(self._reader, before or _LAST, limit, selection))

    async def reached(self, tenant: str, campaign: str, recipients: Sequence[str]) -> set[str]:
        """Return whom a campaign reached."""
        found: set[str] = set()
        for start in range(0, len(recipients), _ADDRESSES):
            part = recipients[start : start + _ADDRESSES]
            rows = await self.rows(sql("reached", len(part), _FILE), (tenant, campaign, *part))
            found.update(recipient for (recipient,) in rows)
        return found

    async def recent(self, limit: int = 100, tenant: str = "") -> Sequence[Event]:
        """Return the newest events, newest first."""
        if tenant:
            rows = await self.rows(sql("recent_of_tenant", file=_FILE), (tenant, limit))
        else:
            rows = await self.rows(sql("recent", file=_FILE), (limit,))
        return [unpack(blob) for (blob,) in rows]

    async def counts(self) -> Mapping[str, int]:
        """Return events by kind, over all time."""
        return dict(await self.rows(sql("counts", file=_FILE), ()))

    async def prune(self, before: float, upto: int | None = None) -> int:
        """Forget old events in short commits; the counts remember them."""
        last = _LAST if upto is None else upto
        total = 0
        while removed := await self.in_writer(lambda: self._prune(before, last)):
            total += removed
        await self.in_writer(lambda: self.latecomers.forget(before))
        return total

    async def pruned(self) -> int:
        """Return the largest position that was forgotten."""
        return await self._in_reader(lambda: get_meta(self._reader, "pruned") or 0)

    def _prune(self, before: float, upto: int) -> int:
        connection = self.writing()
        with connection:
            rows = connection.execute(sql("first_positions", file=_FILE), (before, upto, PRUNED_AT_ONCE))
            found: list[int] = [row[0] for row in rows]
            if found:
                set_meta(connection, "pruned", max(*found, get_meta(connection, "pruned") or 0))
            for name in ("remember_pruned", "prune"):
                for start in range(0, len(found), 500):
                    part = found[start : start + 500]
                    connection.execute(sql(name, len(part), _FILE), part)
        return len(found)

    async def close(self) -> None:
        """Close both connections."""
        await self._in_reader(self._reader.close)
        if self._connection is not None:
            await self.in_writer(self._connection.close)
        self._read_thread.shutdown()
        self._write_thread.shutdown()

    async def rows(self, statement: str, bindings: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Return what a statement answers, in the reading thread."""
        return await self._in_reader(lambda: self._reader.execute(statement, bindings).fetchall())

    def _in_reader(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        return asyncio.get_running_loop().run_in_executor(self._read_thread, partial(_read, work))

    def look(self, work: Callable[[apsw.Connection], _T]) -> asyncio.Future[_T]:
        """Run a reading that no method has, in the reading thread."""
        return self._in_reader(lambda: work(self._reader))

    def in_writer(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Run something in the writing thread."""
        return asyncio.get_running_loop().run_in_executor(self._write_thread, work)


def _read(work: Callable[[], _T]) -> _T:
    try:
        return work()
    except apsw.Error as error:
        raise StoreFault(f"the history cannot be read: {error}", place="history.db", temporary=True) from error


def _tally(kind: str, blob: bytes) -> str:
    if kind not in {"failed", "bounced"}:
        return kind
    return tallied(kind, unpack(blob).reason)
