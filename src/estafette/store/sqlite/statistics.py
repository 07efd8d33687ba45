"""Counters in history.db: added to by the history's thread, read by every process through a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import apsw

from estafette.model.event import Event, unpack
from estafette.store.interface.statistics import DAY, HOUR, JOINT, Cell, Row
from estafette.store.sqlite.database import get_meta, open_reader, set_meta
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.sqlite.span import condition, pieces
from estafette.store.sqlite.statements import run_many, sql

_T = TypeVar("_T")
_FILE = "statistics.sql"
_POSITION = "statistics"
#: Numbers of names that the writer remembers, and names of one question.
_REMEMBERED = 100_000
_ASKED = 500


class SqliteStatistics:
    """Implements ``Statistics``; adding needs a history that writes."""

    def __init__(self, history: SqliteHistory) -> None:
        self._history = history
        self._numbers: dict[str, int] = {}
        self._connection: apsw.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "statistics-reader")

    async def position(self) -> int:
        """Return the cursor up to which is counted."""
        return await self._in_reader(lambda reader: get_meta(reader, _POSITION) or 0)

    async def add(self, after: int, upto: int, increments: Mapping[Cell, int]) -> bool:
        """Add and move on, in the history's own transaction."""
        return await self._history.in_writer(lambda: self._add(after, upto, increments))

    def _add(self, after: int, upto: int, increments: Mapping[Cell, int]) -> bool:
        connection = self._history.writing()
        with connection:
            if (get_meta(connection, _POSITION) or 0) != after:
                return False
            numbers = self._numbered(connection, increments)
            hours = _rows(increments, numbers)
            run_many(connection, "add_hours", hours, file=_FILE)
            run_many(connection, "add_days", _days(hours), file=_FILE)
            set_meta(connection, _POSITION, upto)
        self._remember(numbers)
        return True

    def _numbered(self, connection: apsw.Connection, increments: Mapping[Cell, int]) -> dict[str, int]:
        """Return the number of every name of some cells; new names get one."""
        wanted = {name for cell in increments for name in (_series(cell), cell.value, cell.measure)}
        found = {name: self._numbers[name] for name in wanted if name in self._numbers}
        new = sorted(wanted - found.keys())
        run_many(connection, "insert_names", [(name,) for name in new], file=_FILE)
        for start in range(0, len(new), _ASKED):
            part = new[start : start + _ASKED]
            rows: list[tuple[Any, ...]] = connection.execute(sql("names", len(part), _FILE), part).fetchall()
            found.update(rows)
        return found

    def _remember(self, numbers: Mapping[str, int]) -> None:
        """Only what was committed is remembered; a transaction that failed took its names with it."""
        if len(self._numbers) + len(numbers) > _REMEMBERED:
            self._numbers.clear()
        self._numbers.update(numbers)

    async def read(
        self, tenant: str, dimension: str, *, since: int, until: int, values: Sequence[str] = (), first: str = "",
        measures: Sequence[str] = (), by_hour: bool = False, by_value: bool = True,
    ) -> Sequence[Row]:  # fmt: skip
        """Return sums; days stand in for the hours of whole UTC days unless hours are asked for."""
        name = f"by_hour{'_and_value' if by_value else ''}" if by_hour else "by_value" if by_value else "together"
        where, bound = condition(values, first, measures)
        span = pieces(since, until, whole_days=not by_hour)

        def work(reader: apsw.Connection) -> list[Row]:
            series = _number(reader, f"{tenant}{JOINT}{dimension}")
            if series is None or not span:
                return []
            text = " UNION ALL ".join(sql(piece.table, file=_FILE) for piece in span)
            statement = sql(name, file=_FILE).replace("/*span*/", text).replace("/*where*/", where)
            numbers = [number for piece in span for number in (series, piece.start, piece.end)]
            return [Row(*row) for row in reader.execute(statement, (*numbers, *bound))]

        return await self._in_reader(work)

    async def values(self, tenant: str, dimension: str, day: int) -> set[str]:
        """Return the values of a UTC day."""
        rows = await self._of_series(tenant, dimension, "values_of_day", day // DAY)
        return {name for (name,) in rows}

    async def begun(self, tenant: str, dimension: str) -> Mapping[str, int]:
        """Return the first hour of every value."""
        return dict(await self._of_series(tenant, dimension, "begun"))

    async def everything(self, since: int) -> tuple[int, dict[Cell, int]]:
        """Return cursor and counters of one snapshot."""

        def work(reader: apsw.Connection) -> tuple[int, dict[Cell, int]]:
            with reader:
                position = get_meta(reader, _POSITION) or 0
                rows: list[tuple[Any, ...]] = reader.execute(sql("everything", file=_FILE), (since // HOUR,)).fetchall()
            return position, {_cell(*row[:4]): row[4] for row in rows}

        return await self._in_reader(work)

    async def events(self, tenant: str, since: float, until: float, most: int) -> Sequence[Event] | None:
        """Return a tenant's events of a span, None when they are too many."""

        def work(reader: apsw.Connection) -> list[Event] | None:
            bound = (tenant, since, until)
            row = reader.execute(sql("count_events", file=_FILE), (*bound, most + 1)).fetchone()
            if row is None or row[0] > most:
                return None
            return [unpack(blob) for (blob,) in reader.execute(sql("events", file=_FILE), bound)]

        return await self._in_reader(work)

    async def close(self) -> None:
        """Close the reading connection."""
        if self._connection is not None:
            await self._in_reader(lambda reader: reader.close())
        self._thread.shutdown()

    async def _of_series(self, tenant: str, dimension: str, name: str, *more: int) -> list[tuple[Any, ...]]:
        def work(reader: apsw.Connection) -> list[tuple[Any, ...]]:
            series = _number(reader, f"{tenant}{JOINT}{dimension}")
            return [] if series is None else reader.execute(sql(name, file=_FILE), (series, *more)).fetchall()

        return await self._in_reader(work)

    def _in_reader(self, work: Callable[[apsw.Connection], _T]) -> asyncio.Future[_T]:
        def read() -> _T:
            if self._connection is None:
                self._connection = open_reader(self._history.path)
            return work(self._connection)

        return asyncio.get_running_loop().run_in_executor(self._thread, read)


def _series(cell: Cell) -> str:
    return f"{cell.tenant}{JOINT}{cell.dimension}"


def _cell(series: str, hour: int, value: str, measure: str) -> Cell:
    tenant, _, dimension = series.rpartition(JOINT)
    return Cell(tenant, hour, dimension, value, measure)


def _number(reader: apsw.Connection, name: str) -> int | None:
    row = reader.execute(sql("names", file=_FILE), (name,)).fetchone()
    return None if row is None else row[1]


def _rows(increments: Mapping[Cell, int], numbers: Mapping[str, int]) -> list[tuple[int, ...]]:
    """Return the rows of hours in the order of the table, so that a batch touches few pages."""
    return sorted(
        (numbers[_series(cell)], cell.hour // HOUR, numbers[cell.value], numbers[cell.measure], amount)
        for cell, amount in increments.items()
    )


def _days(hours: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    days: dict[tuple[int, ...], int] = {}
    for series, hour, value, measure, amount in hours:
        key = series, hour // 24, value, measure
        days[key] = days.get(key, 0) + amount
    return [(*key, amount) for key, amount in days.items()]
