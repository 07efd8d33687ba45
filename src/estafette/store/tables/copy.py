"""Copies of the control tables: as a ``control.db``, whichever engine they rest in, and back into empty tables."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import DBAPIError

from estafette.base.errors import StoreFault
from estafette.store.tables.definitions import METADATA
from estafette.store.tables.definitions.service import AUDIT
from estafette.store.tables.engine import open_engine, place_of, reading, renumber, writing
from estafette.store.tables.migrate import migrate, revision

_ROWS = 1_000


def copy_to_file(engine: Engine, path: str | Path) -> None:
    """Write one consistent state to a new file while the tables are in use; StoreFault when the file is there."""
    target = Path(path)
    if target.exists():
        raise StoreFault("the copy would replace a file", place=str(target), fix="name a file that is not there")
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("VACUUM INTO ?", (str(target),))
        finally:
            connection.close()
        return
    fresh = open_engine(target.parent, name=target.name)
    try:
        migrate(fresh)
        with reading(engine) as source, writing(fresh) as sink:
            _copy(source, sink)
    finally:
        fresh.dispose()


def fill_from_file(engine: Engine, path: str | Path) -> None:
    """Bring the tables to this release's shape and fill them with a copy, which stays as it is.

    StoreFault when there is data already, or when the file is no copy of control tables.
    """
    if not Path(path).is_file():
        raise _no_copy(path)
    migrate(engine)
    with TemporaryDirectory(prefix="estafette-") as folder:
        # A copy of an older release is migrated first, and the one that was kept must not change.
        shutil.copyfile(path, Path(folder, "control.db"))
        source = open_engine(Path(folder))
        try:
            _migrate_copy(source, path)
            with reading(source) as rows, writing(engine) as sink:
                if sink.execute(select(func.count()).select_from(AUDIT)).scalar():
                    raise StoreFault(
                        "the control tables are in use", place=place_of(engine), fix="restore into an empty database"
                    )
                _copy(rows, sink)
        finally:
            source.dispose()


def _migrate_copy(source: Engine, path: str | Path) -> None:
    try:
        known = revision(source)
    except (StoreFault, DBAPIError):
        known = ""
    if not known:
        raise _no_copy(path)
    migrate(source)


def _no_copy(path: str | Path) -> StoreFault:
    return StoreFault(
        "this is no copy of control tables", place=str(path), fix="name a folder that estafette backup wrote"
    )


def _copy(source: Connection, sink: Connection) -> None:
    for table in METADATA.sorted_tables:
        if table is not AUDIT:
            sink.execute(delete(table))
        rows = source.execution_options(yield_per=_ROWS).execute(select(table)).mappings()
        for some in rows.partitions(_ROWS):
            sink.execute(insert(table), [dict(row) for row in some])
        renumber(sink, table)
