"""The steps of an erasure, each a function of one connection: what is found, what is rewritten, what is overwritten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import apsw
import msgspec

from estafette.model.erasure import Erasure
from estafette.model.event import Event, pack, unpack
from estafette.model.message import Content, Delivery
from estafette.store.interface.spool import Settlement
from estafette.store.sqlite.batch import Batch
from estafette.store.sqlite.database import PAGE
from estafette.store.sqlite.statements import run_many, sql

_FILE = "persons.sql"
#: Events of one look, and of one rewriting commit; messages of one question.
LOOKED = 5_000
REWRITTEN = 500
_ASKED = 500
#: Free pages overwritten in one commit.
SCRUBBED = 4_096
#: What a page of a large value holds beside the number of the next one, and what of such a value stands in its row, so
#: that its last page is full (sqlite.org/fileformat2, section 1.6).
_OVERFLOW = PAGE - 4
_LOCAL = (PAGE - 12) * 32 // 255 - 23

_content = msgspec.msgpack.Decoder(Content).decode
Key = tuple[int, int]
Row = tuple[Any, ...]


class Trace(msgspec.Struct):
    """Where a person stands in the log: events that name them, and the recipients (message, number) they were."""

    positions: list[int] = []
    keys: set[Key] = set()


def look(connection: apsw.Connection, erasure: Erasure, cursor: int, trace: Trace) -> int | None:
    """Add what a stretch of the log says of a person; return where to go on, None at the end."""
    place = cursor
    rows: list[Row] = connection.execute(sql("log", file=_FILE), (erasure.tenant, cursor, LOOKED)).fetchall()
    for place, message, number, recipient, blob in rows:
        if erasure.quoted(blob):
            trace.positions.append(place)
        # What came to the log since the erasure began says the tombstone already.
        if recipient.lower() == erasure.address or recipient == erasure.tombstone:
            trace.keys.add((message, number))
    return place if len(rows) == LOOKED else None


def rewrite(connection: apsw.Connection, erasure: Erasure, positions: Sequence[int]) -> int:
    """Put the tombstone into some events, overwriting what they were; return how many were rewritten."""
    connection.pragma("secure_delete", True)
    try:
        with connection:
            rows: list[Row] = connection.execute(sql("events", len(positions), _FILE), tuple(positions)).fetchall()
            for place, recipient, blob in rows:
                event = erasure.event(unpack(blob))
                connection.execute(sql("rewrite", file=_FILE), (erasure.text(recipient), pack(event), place))
    finally:
        connection.pragma("secure_delete", "fast")
    return len(rows)


def heads(connection: apsw.Connection, messages: Sequence[int]) -> tuple[list[tuple[int, str]], list[int]]:
    """Return (message, file) of those that were for one recipient alone, and the messages that were for others too."""
    sole: list[tuple[int, str]] = []
    shared: list[int] = []
    for start in range(0, len(messages), _ASKED):
        part = messages[start : start + _ASKED]
        found: list[Row] = connection.execute(sql("heads", len(part), _FILE), tuple(part)).fetchall()
        for number, file, head in found:
            if _content(head).recipients <= 1:
                sole.append((number, file))
            else:
                shared.append(number)
    return sole, shared


def kept_until(connection: apsw.Connection, messages: Sequence[int]) -> float:
    """Return when the last of some messages is removed by retention, 0 while one of them still waits."""
    latest, count = 0.0, 0
    for start in range(0, len(messages), _ASKED):
        part = messages[start : start + _ASKED]
        found: list[Row] = connection.execute(sql("kept_until", len(part), _FILE), tuple(part)).fetchall()
        for until, number in found:
            latest, count = max(latest, until or 0.0), count + number
    return latest if count == len(messages) else 0.0


def quoting(
    connection: apsw.Connection, erasure: Erasure, table: str, body_of: Callable[[str], bytes]
) -> list[tuple[int, str]]:
    """Return (id, file) of returned or quarantined messages of the tenant that name a person."""
    found = []
    row: Row
    for row in connection.execute(sql(table, file=_FILE)):
        number, file, head, body = row
        whole = head + (body_of(file) if file else body)
        if erasure.tenant.encode() in head and erasure.quoted(whole):
            found.append((number, file))
    return found


def ender(erasure: Erasure, rows: Sequence[Delivery]) -> Callable[[apsw.Connection, Batch], int]:
    """Return the act that ends waiting recipients as cancelled, under the tombstone."""

    def act(_connection: apsw.Connection, batch: Batch) -> int:
        ends = [Settlement(row.message, row.number, "done", pack(_cancelled(batch, row, erasure))) for row in rows]
        batch.settle(ends, [lambda _lane: True] * len(ends))
        return len(ends)

    return act


def _cancelled(batch: Batch, row: Delivery, erasure: Erasure) -> Event:
    return Event(
        id=batch.new_id(), at=batch.now, kind="failed", tenant=row.tenant, stream=row.stream, message=row.message,
        number=row.number, recipient=erasure.tombstone, campaign=erasure.text(row.campaign), attempt=row.attempts,
        site=row.lane, reason="cancelled", credential=row.credential, size=row.size, from_domain=row.from_domain,
    )  # fmt: skip


def remover(
    keys: Sequence[Key], contents: Sequence[tuple[int, str]], returned: Sequence[tuple[int, str]],
    quarantined: Sequence[tuple[int, str]],
) -> Callable[[apsw.Connection, Batch], None]:  # fmt: skip
    """Return the act that removes messages, and what their senders were still to be told."""

    def act(connection: apsw.Connection, batch: Batch) -> None:
        run_many(connection, "delete_notices", keys)
        run_many(connection, "delete_contents", [(number,) for number, _ in contents])
        run_many(connection, "delete_ended", [(number,) for number, _ in contents])
        run_many(connection, "delete_late", sorted({(message,) for message, _ in keys}))
        run_many(connection, "delete_returned", [(number,) for number, _ in returned])
        run_many(connection, "delete_quarantined", [(number,) for number, _ in quarantined], file=_FILE)
        batch.dead_files.extend(file for _, file in (*contents, *returned) if file)

    return act


def overwrite(connection: apsw.Connection, _batch: Any = None) -> bool:
    """Fill some of the pages that nothing uses with zeros; False when there are none left."""
    free = min(int(cast("int", connection.pragma("freelist_count"))), SCRUBBED)
    if free:
        record = _LOCAL + free * _OVERFLOW
        head = 1 + next(octets for octets in (2, 3, 4) if record * 2 + 12 < 1 << 7 * octets)
        connection.execute(sql("overwrite", file=_FILE), (record - head,))
    return free > 0


def give_back(connection: apsw.Connection, _batch: Any = None) -> None:
    """Free the overwritten pages again."""
    connection.execute(sql("overwritten", file=_FILE))
