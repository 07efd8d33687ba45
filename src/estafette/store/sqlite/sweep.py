"""Care of what is kept: contents past their retention, bodies nobody names, notes that grew stale."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from estafette.store.sqlite.batch import Batch
from estafette.store.sqlite.statements import run_many, sql

#: Rows of one commit.
STEP = 500


def expired(connection: apsw.Connection, batch: Batch, now: float) -> int:
    """Remove contents and returned messages whose time is over; return how many."""
    ended = connection.execute(sql("ended_due"), (now, STEP)).fetchall()
    run_many(connection, "delete_contents", [(message,) for message, _ in ended])
    run_many(connection, "delete_ended", [(message,) for message, _ in ended])
    returned = connection.execute(sql("returned_due"), (now, STEP)).fetchall()
    run_many(connection, "delete_returned", [(message,) for message, _ in returned])
    batch.dead_files.extend(str(file) for _, file in (*ended, *returned) if file)
    return len(ended) + len(returned)


def orphans(connection: apsw.Connection, batch: Batch, names: Sequence[str]) -> int:
    """Have the files removed that no row names; return how many."""
    named: set[str] = set()
    for name in ("files_of_contents", "files_of_returned"):
        named.update(file for (file,) in run_many(connection, name, [(each,) for each in names]))
    dead = [name for name in names if name not in named]
    batch.dead_files.extend(dead)
    return len(dead)


def stale(connection: apsw.Connection, now: float) -> None:
    """Forget placements that are no longer believed and notes on who was told."""
    connection.execute(sql("delete_sites"), (now,))
    connection.execute(sql("delete_told"), (now,))
    connection.execute(sql("late_due"), (now,))
