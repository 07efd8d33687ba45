"""Putting a backup into service without a single mail leaving by itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal, cast

import apsw
import msgspec

from estafette.base.clock import Clock
from estafette.base.errors import StoreFault
from estafette.base.ids import Mint, moment
from estafette.model.event import Event, pack
from estafette.model.rule import Filter, Rule
from estafette.store.sqlite.acts import add_rule
from estafette.store.sqlite.backup import copy_bodies, copy_database
from estafette.store.sqlite.batch import Batch
from estafette.store.sqlite.contents import ContentFiles
from estafette.store.sqlite.database import get_meta, open_writer, set_meta
from estafette.store.sqlite.highwater import AHEAD_SECONDS, HighWater, id_at
from estafette.store.sqlite.rows import Damaged, read_delivery
from estafette.store.sqlite.sites import Sites
from estafette.store.sqlite.statements import run_many, sql

Queue = Literal["hold", "drop", "resume"]
#: Ids start this far after the restore: those given out between backup and disaster never come again.
MARGIN_SECONDS = 60.0
#: More commits than the writer makes in a second: positions of the log start as far after those that were given out.
COMMITS_A_SECOND = 5_000
#: Rows ended in one commit of ``drop``.
_STEP = 5_000


def restore(source: Path, target: Path, *, queue: Queue, clock: Clock) -> int:
    """Put a backup into an empty data folder; return how many deliveries wait in it.

    hold: a rule with reason ``restored`` holds all that is queued, until an operator releases it. drop: every
    waiting recipient ends as ``failed``, reason ``cancelled``. resume: mail leaves at once, perhaps a second time.
    StoreFault when the backup is none or the folder is in use.
    """
    if not (source / "spool.db").exists():
        raise StoreFault("there is no backup here", place=os.fspath(source), fix="name a folder that backup wrote")
    if (target / "spool.db").exists():
        raise StoreFault("there is a store here already", place=os.fspath(target), fix="name an empty folder")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy_bodies(source / "contents", target / "contents", ContentFiles(source / "contents").names())
    if (source / "history.db").exists():
        copy_database(source / "history.db", target / "history.db")
    partial = target / "spool.db.partial"
    copy_database(source / "spool.db", partial)
    try:
        count = _prepare(partial, queue, clock)
        partial.rename(target / "spool.db")  # last, so that a broken restore is no store
    except BaseException:
        partial.unlink(missing_ok=True)
        shutil.rmtree(target / "contents", ignore_errors=True)
        raise
    return count


def _prepare(path: Path, queue: Queue, clock: Clock) -> int:
    connection = open_writer(path, schema="schema.sql")
    now = clock.now()
    known = HighWater(connection).mark
    _leave_behind(connection, now + MARGIN_SECONDS - (moment(known) - AHEAD_SECONDS))
    mark = max(known, id_at(now + MARGIN_SECONDS))
    set_meta(connection, "high_water", mark)
    set_meta(connection, "epoch", (get_meta(connection, "epoch") or 0) + (1 << 30))
    mint = Mint(clock.now, writer=255, floor=mark)
    if queue == "hold":
        rule = Rule(id=mint.next(), kind="hold", filter=Filter(before=mark), reason="restored", created=now)
        add_rule(connection, rule)
    while queue == "drop" and _drop(connection, mint, now):
        pass
    row = connection.execute(sql("count_rows")).fetchone()
    connection.pragma("journal_mode", "delete")
    connection.close()
    return int(row[0]) if row else 0


def _leave_behind(connection: apsw.Connection, seconds: float) -> None:
    """Let the log go on behind every position that was given out after the backup was made.

    Else who has read the log since would take what comes for what it has read.
    """
    connection.execute(sql("begin_outbox"))
    connection.execute(sql("advance_outbox"), (int(max(seconds, 0) * COMMITS_A_SECOND),))


def _drop(connection: apsw.Connection, mint: Mint, now: float) -> int:
    """End the next deliveries as cancelled, with their events, in one commit."""
    statement = sql("find").replace("/*where*/", "")
    rows = connection.execute(statement, (0, 0, _STEP)).fetchall()
    batch = Batch(connection, Sites(), mint, now)
    with connection:
        run_many(connection, "delete_deliveries", [row[:2] for row in rows])
        for row in rows:
            batch.event(pack(_cancelled(row, mint, now)), "cancelled")
            batch.touch(cast("int", row[0]))
        batch.finish()
    return len(rows)


def _cancelled(row: tuple[object, ...], mint: Mint, now: float) -> Event:
    message, number = row[:2]
    assert isinstance(message, int)
    assert isinstance(number, int)
    event = Event(
        id=mint.next(), at=now, kind="failed", tenant="", stream="", message=message, number=number, reason="cancelled"
    )
    try:
        delivery = read_delivery(row)
    except Damaged:
        return event
    return msgspec.structs.replace(
        event,
        tenant=delivery.tenant,
        stream=delivery.stream,
        recipient=delivery.address,
        campaign=delivery.campaign,
        credential=delivery.credential,
        from_domain=delivery.from_domain,
    )
