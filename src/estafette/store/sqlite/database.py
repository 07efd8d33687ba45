"""Opening database files: settings of every connection, and the oldest SQLite that may touch our data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import apsw

from estafette.base.errors import StoreFault
from estafette.store.sqlite.statements import script, sql

#: Before this release a WAL reset could corrupt the file (sqlite.org/releaselog/3_51_3.html).
OLDEST_SQLITE = 3_051_003
SCHEMA_VERSION = 1
BUSY_MS = 10_000
#: Statements kept prepared by a writer: the widths of those that a commit is made of.
STATEMENTS = 600
#: A letter of 10 KiB takes one overflow page and a third of a leaf; with 4 KiB it took three pages, each two writes.
PAGE = 8_192


def open_writer(path: Path, *, schema: str, synchronous: str = "FULL") -> apsw.Connection:
    """Open a file for the one writer, creating it with mode 0600; StoreFault when it cannot be used."""
    _check_library()
    path.touch(mode=0o600, exist_ok=True)
    try:
        connection = apsw.Connection(os.fspath(path), statementcachesize=STATEMENTS)
        _set_up(connection, synchronous)
        connection.execute(script(schema))
        _check_version(connection, path)
    except apsw.Error as error:
        raise StoreFault(
            f"the database cannot be opened: {error}", place=os.fspath(path), fix="restore it from a backup"
        ) from error
    return connection


def _set_up(connection: apsw.Connection, synchronous: str) -> None:
    connection.set_busy_timeout(BUSY_MS)
    connection.pragma("page_size", PAGE)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", synchronous)
    connection.pragma("wal_autocheckpoint", 0)
    connection.pragma("cache_size", -16_000)
    connection.pragma("temp_store", "memory")
    connection.pragma("secure_delete", "fast")  # what is removed from a page is overwritten there; costs no I/O


def open_reader(path: Path) -> apsw.Connection:
    """Open a file for reading only; each statement is its own short transaction."""
    _check_library()
    try:
        connection = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READONLY, statementcachesize=100)
        connection.set_busy_timeout(BUSY_MS)
        connection.pragma("cache_size", -8_000)
    except apsw.Error as error:
        raise StoreFault(f"the database cannot be read: {error}", place=os.fspath(path)) from error
    return connection


def _check_library() -> None:
    version = apsw.SQLITE_VERSION_NUMBER
    if min(version, _number(apsw.sqlite_lib_version())) < OLDEST_SQLITE:
        raise StoreFault(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a write-ahead log",
            place="apsw",
            fix="install apsw 3.51.3 or newer",
        )


def _number(text: str) -> int:
    major, minor, patch = (int(part) for part in text.split(".")[:3])
    return major * 1_000_000 + minor * 1_000 + patch


def _check_version(connection: apsw.Connection, path: Path) -> None:
    version = get_meta(connection, "schema")
    if version is None:
        set_meta(connection, "schema", SCHEMA_VERSION)
    elif version > SCHEMA_VERSION:
        raise StoreFault(
            f"the data was written by a newer release (schema {version}, known {SCHEMA_VERSION})",
            place=os.fspath(path),
            fix="start the newer release",
        )


def get_meta(connection: apsw.Connection, key: str) -> Any:
    """Return a value of the ``meta`` table, None when absent."""
    row = connection.execute(sql("get_meta"), (key,)).fetchone()
    return None if row is None else row[0]


def set_meta(connection: apsw.Connection, key: str, value: str | float | bytes) -> None:
    """Write a value of the ``meta`` table."""
    connection.execute(sql("set_meta"), (key, value))
