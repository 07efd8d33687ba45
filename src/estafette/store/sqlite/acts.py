"""Rare writes, each a function of the writer's connection and its current batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import apsw
import msgspec

from estafette.model.message import Content, Delivery, Submission
from estafette.model.rule import Filter, Rule
from estafette.store.interface.spool import Read
from estafette.store.sqlite.batch import Batch
from estafette.store.sqlite.database import get_meta, set_meta
from estafette.store.sqlite.rows import content_row, delivery_row, read_delivery
from estafette.store.sqlite.selection import where
from estafette.store.sqlite.sites import Sites, move, old_lane
from estafette.store.sqlite.statements import run_many, sql

_encode = msgspec.msgpack.Encoder().encode
#: Rows looked at in one commit of ``requeue``.
STRETCH = 20_000

Key = tuple[int, int]


def accept_once(connection: apsw.Connection, batch: Batch, submission: Submission) -> None:
    """Accept a submission unless its content is here already."""
    if not run_many(connection, "known_contents", [(submission.content.id,)]):
        batch.accept([submission])


def accept_missing(connection: apsw.Connection, batch: Batch, submissions: Sequence[Submission]) -> None:
    """Accept those submissions whose content is not here already."""
    for submission in submissions:
        accept_once(connection, batch, submission)


def next_writer(connection: apsw.Connection) -> int:
    """Return the next writer number of ids, 1 to 250 in turn; 0 is the owner's, 255 the store's own."""
    number: int = (get_meta(connection, "writer") or 0) % 250 + 1
    set_meta(connection, "writer", number)
    return number


def place(
    connection: apsw.Connection, sites: Sites, placements: Mapping[str, str], now: float
) -> list[tuple[str, str, str]]:
    """Remember placements; return (domain, lane, site) for every lane whose rows must move."""
    moves = [
        (domain, lane, site)
        for domain, site in placements.items()
        for lane in old_lane(connection, domain)
        if lane != site
    ]
    sites.place(connection, placements, now)
    return moves


def mover(domain: str, lane: str, site: str) -> Callable[[apsw.Connection, Batch], list[Delivery]]:
    """Return the act that moves the next rows of a domain."""
    return lambda connection, _: move(connection, domain, lane, site)


def add_rule(connection: apsw.Connection, rule: Rule) -> None:
    """Keep a rule."""
    statement = "insert_pace" if rule.kind == "slow" else "insert_rule"
    connection.execute(sql(statement), (rule.id, rule.kind, _encode(rule)))


def remove_rules(connection: apsw.Connection, ids: Sequence[int]) -> None:
    """Forget rules."""
    for each in ids:
        connection.execute(sql("delete_rule"), (each,))
        connection.execute(sql("delete_pace"), (each,))


def requeuer(selection: Filter, now: float, after: Key) -> Callable[[apsw.Connection, Batch], tuple[int, Key | None]]:
    """Return the act that makes matching rows of a stretch due; it answers (rows changed, where to go on)."""

    def act(connection: apsw.Connection, _: Batch) -> tuple[int, Key | None]:
        row = connection.execute(sql("page_end"), (*after, STRETCH - 1)).fetchone()
        end = (row[0], row[1]) if row else (1 << 62, 0)
        text, values = where(selection)
        connection.execute(sql("requeue").replace("/*where*/", text), (now, *after, *end, *values))
        return connection.changes(), end if row else None

    return act


def rescheduler(tenant: str, message: int, due: float) -> Callable[[apsw.Connection, Batch], int]:
    """Return the act that gives the untried recipients of a message another time; it answers how many."""

    def act(connection: apsw.Connection, _: Batch) -> int:
        found = [read_delivery(row) for row in connection.execute(sql("untried"), (message, tenant))]
        for row in found:
            moved = msgspec.structs.replace(row, due=due, expires=due + row.expires - row.due)
            crc, data = delivery_row(moved)[-2:]
            connection.execute(sql("reschedule"), (due, crc, data, row.message, row.number))
        return len(found)

    return act


def keep_return(connection: apsw.Connection, batch: Batch, content: Content, event: bytes) -> None:
    """Keep a message that came back, once, with its event, b"" for none."""
    number, retention, file, crc, head, body = content_row(content)
    row = (number, content.accepted + retention, file, crc, head, body)
    connection.execute(sql("insert_returned"), row)
    if connection.changes() and event:
        batch.event(event)


def close_returns(connection: apsw.Connection, batch: Batch, read: Sequence[Read]) -> int:
    """Mark returned messages as read; what comes of one is written by whoever marks it, and by nobody again."""
    count = 0
    for each in read:
        connection.execute(sql("mark_read"), (each.until, each.id))
        if not connection.changes():
            continue
        count += 1
        for event in each.events:
            batch.event(event)
        for notice in each.notices:
            row = (notice.message, notice.number, notice.due, notice.item)
            connection.execute(sql("insert_late_notice"), row)
    return count


def outbox_done(connection: apsw.Connection, upto: int) -> None:
    """Forget the commits whose every event lies at or before a position."""
    connection.execute(sql("outbox_done"), (upto >> 16, (upto & 0xFFFF) + 1))
