"""The connection to the control database: one file on SQLite, the shared database on PostgreSQL.

The one place that knows which of both there is; tables, queries and migrations are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Dialect, Engine, Table, create_engine, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from estafette.base.errors import ConfigFault, Fault, StoreUnavailable
from estafette.store.open import folder_of

BUSY_MS = 10_000
POSTGRESQL = "postgresql://"
_MIGRATING = 0x65737461  # the advisory lock: "esta"
#: What the address of a shared database may say otherwise. Of several hosts the one that takes writes is used.
_SHARED = {
    "application_name": "estafette",
    "connect_timeout": "5",
    "target_session_attrs": "read-write",
    "tcp_user_timeout": "15000",
}
_WRITES: dict[str, dict[str, Any]] = {
    "sqlite": {"estafette_writes": True},
    "postgresql": {"isolation_level": "READ COMMITTED"},
}
_READS: dict[str, dict[str, Any]] = {
    "sqlite": {},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def open_engine(place: str | Path, *, name: str = "control.db") -> Engine:
    """Return the engine over a ``store.url``, or over a file in a data folder; any thread may use it."""
    if isinstance(place, str) and place.startswith(POSTGRESQL):
        return _open_shared(place)
    folder = folder_of(place) if isinstance(place, str) and "://" in place else Path(place)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    engine = create_engine(f"sqlite:///{file}", module=pysqlite3, execution_options={"estafette_place": str(file)})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def place_of(engine: Engine) -> str:
    """Return where the tables are, without user and password."""
    return str(engine.get_execution_options()["estafette_place"])


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent reading; StoreUnavailable when the tables cannot be used."""
    with _transaction(engine, _READS) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction; IntegrityError, StoreUnavailable.

    On SQLite it takes the write lock at once, since a later upgrade could fail as busy. On PostgreSQL each statement
    sees what is committed: whoever needs writers in a row locks a row that all of them lock first.
    """
    with _transaction(engine, _WRITES) as connection:
        yield connection


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """One write transaction that no other migration runs beside."""
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        yield connection


def is_duplicate(error: IntegrityError) -> bool:
    """True when a write would have made a second row where there may be one."""
    return getattr(error.orig, "sqlstate", "") == "23505" or "UNIQUE constraint failed" in str(error.orig)


def is_orphan(error: IntegrityError) -> bool:
    """True when a write refers to a row that is not there."""
    return getattr(error.orig, "sqlstate", "") == "23503" or "FOREIGN KEY constraint failed" in str(error.orig)


def renumber(connection: Connection, table: Table) -> None:
    """Make a table's own numbers go on after the highest; for rows that were copied with theirs."""
    column = table.autoincrement_column
    if column is not None and connection.dialect.name == "postgresql":
        after = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(select(func.setval(sequence, after, False)))


@contextmanager
def _transaction(engine: Engine, options: dict[str, dict[str, Any]]) -> Iterator[Connection]:
    try:
        with engine.connect() as plain:
            connection = plain.execution_options(**options[engine.dialect.name])
            with connection.begin():
                yield connection
    except IntegrityError:
        raise
    except DataError as error:
        fix = "shorten it, and leave out NUL characters"
        raise Fault(f"a value cannot be stored: {error.orig}", fix=fix) from error
    except DBAPIError as error:
        raise _unavailable(engine, error) from error


def _unavailable(engine: Engine, error: DBAPIError) -> StoreUnavailable:
    fix = "check free space and permissions of the data folder"
    if engine.dialect.name == "postgresql":
        fix = "check that PostgreSQL runs, and what its log says"
    return StoreUnavailable(
        f"the control tables cannot be used: {error.orig}", place=place_of(engine), fix=fix, temporary=True
    )


def _open_shared(url: str) -> Engine:
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo
    except ImportError as error:
        raise ConfigFault(
            f"PostgreSQL needs its driver: {error}", place="store.url", fix="pip install 'estafette[postgres]'"
        ) from error
    try:
        wanted = {name: str(value) for name, value in (_SHARED | conninfo_to_dict(url)).items()}
    except psycopg.ProgrammingError:
        # The driver's own words would repeat the address, and the password in it.
        raise ConfigFault(
            "this is no address of a PostgreSQL database",
            place="store.url",
            fix="write postgresql://user:password@host1,host2/database",
        ) from None
    place = f"postgresql://{wanted.get('host', '')}/{wanted.get('dbname', '')}"
    conninfo = make_conninfo(**wanted)
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(conninfo),
        pool_pre_ping=True,
        execution_options={"estafette_place": place},
    )
    event.listen(engine, "connect", _bound)
    return engine


def _bound(connection: Any, _record: object) -> None:
    connection.execute(f"SET lock_timeout = {BUSY_MS}")
    connection.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.commit()


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # our own BEGIN, below; the driver's begins too late for consistent reads
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("estafette_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def compact(engine: Engine) -> None:
    """Write a ``control.db`` anew and empty its log, so that nothing is left of what was removed.

    A shared database does that by itself (VACUUM, routine-vacuuming of PostgreSQL's manual).
    """
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()


def add_counts(connection: Connection, table: Table, counts: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, their values in the order of the columns; those that are there already have ``counts`` added.

    The statement is built once and runs for all rows in the driver: a counter costs less than what it counts.
    """
    if rows:
        statement, names = _adding(connection.dialect, table, tuple(counts))
        values: list[Any] = list(rows) if names is None else [dict(zip(names, row, strict=True)) for row in rows]
        connection.exec_driver_sql(statement, values)


def put_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, given by column; those that are there already, by their primary key, are replaced."""
    if rows:
        fresh = sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
        key = [column.name for column in table.primary_key]
        values = {column.name: fresh.excluded[column.name] for column in table.columns if not column.primary_key}
        connection.execute(fresh.on_conflict_do_update(index_elements=key, set_=values), rows)


@cache
def _adding(dialect: Dialect, table: Table, counts: tuple[str, ...]) -> tuple[str, list[str] | None]:
    """Return an upsert, which both engines spell alike, and the names of its values where they go by name."""
    fresh = sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)
    key = [column.name for column in table.primary_key]
    names = [column.name for column in table.columns]
    added = fresh.on_conflict_do_update(
        index_elements=key, set_={name: table.c[name] + fresh.excluded[name] for name in counts}
    )
    compiled = added.compile(dialect=dialect, column_keys=names)
    return str(compiled), None if compiled.positiontup else names
