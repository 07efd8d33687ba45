"""What every room of the control tables shares: one reading, one write, each a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from estafette.store.interface.records import AlreadyThere, AuditEntry, Stale, Versions
from estafette.store.tables.definitions.metadata import CHANGE, current
from estafette.store.tables.definitions.service import AUDIT, TOMBSTONE
from estafette.store.tables.engine import is_duplicate, is_orphan, reading, writing
from estafette.store.tables.rows import columns, read_all, same

Row = TypeVar("Row", bound=msgspec.Struct)


class Tables:
    """Tables over one engine; every method of a room is one transaction. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def put(self, table: Table, row: msgspec.Struct, entry: AuditEntry | None) -> None:
        """Write a row's new state, found by its primary key.

        Stale when the row is gone, or is no longer of the version that the struct carries (0 = any).
        """
        conditions = same(table, row)
        if version := getattr(row, "version", 0):
            conditions.append(table.c.version == version)
        with self.changing(entry) as connection:
            if not connection.execute(update(table).where(*conditions).values(columns(row))).rowcount:
                raise Stale

    def list_rows(self, query: Select[Any], kind: type[Row]) -> Sequence[Row]:
        """Return the rows of a query as structs."""
        with self.reading() as connection:
            return read_all(connection, query, kind)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent reading; StoreUnavailable when the tables cannot be used."""
        with reading(self.engine) as connection:
            yield connection

    @contextmanager
    def changing(self, entry: AuditEntry | None, *counters: str) -> Iterator[Connection]:
        """One write with its audit entry and a new version of ``counters``, of ``control`` when none is named.

        AlreadyThere; Stale when what the write refers to is gone; StoreUnavailable. The counters step first: their
        rows serialise writers, so that versions become visible in their order, and every row with a ``version`` that is
        written inside gets the new one by itself.
        """
        with self.counting() as connection:
            step = update(CHANGE).where(CHANGE.c.name.in_(counters or ("control",)))
            connection.execute(step.values(version=CHANGE.c.version + 1))
            yield connection
            if entry is not None:
                connection.execute(insert(AUDIT), columns(entry))

    @contextmanager
    def counting(self) -> Iterator[Connection]:
        """One write that is no news to anybody: steps no counter, leaves no audit entry. For hot counters."""
        try:
            with writing(self.engine) as connection:
                yield connection
        except IntegrityError as error:
            if is_duplicate(error):
                raise AlreadyThere("that name is taken") from error
            if is_orphan(error):
                raise Stale from error
            raise


def bury(connection: Connection, table: Table, *conditions: ColumnElement[bool], counter: str = "control") -> int:
    """Delete rows of a table with versions, inside ``changing`` of the same counter, and leave tombstones.

    Return how many there were.
    """
    keys = [list(key) for key in connection.execute(select(*table.primary_key.columns).where(*conditions))]
    if keys:
        connection.execute(delete(table).where(*conditions))
        graves = [{"kind": table.name, "key": msgspec.json.encode(key).decode()} for key in keys]
        old = delete(TOMBSTONE).where(TOMBSTONE.c.kind == table.name)
        for grave in graves:
            connection.execute(old.where(TOMBSTONE.c.key == grave["key"]))
        connection.execute(insert(TOMBSTONE).values(version=current(counter)), graves)
    return len(keys)


def counters(connection: Connection) -> Versions:
    """Return the change counters."""
    known = select(CHANGE).where(CHANGE.c.name.in_(Versions._fields))
    return Versions(**{row.name: row.version for row in connection.execute(known)})
