"""What this release adds, once, to the rows that an older one left; the older one reads them still."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import apsw

from estafette.base import log
from estafette.store.sqlite.database import get_meta, set_meta
from estafette.store.sqlite.rows import with_credential
from estafette.store.sqlite.statements import sql

_DONE = "credentials_named"
#: Rows looked at in one commit.
STEP = 5_000

_log = log.get("store.upgrade")


def name_credentials(connection: apsw.Connection) -> None:
    """Write into every waiting row which login submitted it, as its content says: rules select by it."""
    if get_meta(connection, _DONE):
        return
    after: tuple[Any, ...] = (0, 0)
    named = 0
    while True:
        rows: list[tuple[Any, ...]] = connection.execute(sql("rows_and_heads"), (*after, STEP)).fetchall()
        with connection:
            for message, number, crc, data, head in rows:
                new = with_credential(data, head) if crc32(data) == crc else None
                if new is not None:
                    connection.execute(sql("rewrite_delivery"), (crc32(new), new, message, number))
                    named += 1
        if len(rows) < STEP:
            break
        after = rows[-1][:2]
    set_meta(connection, _DONE, 1)
    if named:
        _log.info("rows_named", credentials=named)


def add_read_mark(connection: apsw.Connection) -> None:
    """Give returned messages the mark that they were read; those that an older release kept were not."""
    with connection:
        if connection.execute(sql("has_read_mark")).fetchone() is None:
            connection.execute(sql("add_read_mark"))
        connection.execute(sql("index_unread"))
