"""Setting damaged rows aside: kept whole, out of the queue, each recipient's end recorded as ``failed``."""

from __future__ import annotations

import apsw

from estafette.base import log
from estafette.model.event import Event, pack
from estafette.store.sqlite.batch import Batch
from estafette.store.sqlite.rows import Damaged, read_content, read_delivery
from estafette.store.sqlite.statements import run_many, sql

_log = log.get("store.quarantine")


def set_aside(connection: apsw.Connection, batch: Batch, message: int, number: int, reason: str) -> bool:
    """Move one row (number 0: the content with all its deliveries) to quarantine; False when it was sound."""
    if number:
        damaged = _delivery_damage(connection, message, number)
        numbers = [number] if damaged else []
    else:
        damaged = _content_damage(connection, message)
        numbers = [row[0] for row in connection.execute(sql("rows_of_message"), (message,))] if damaged else []
    if not damaged:
        return False
    _log.critical("row_quarantined", message=message, number=number, reason=reason)
    now = batch.now
    if not number:
        connection.execute(sql("quarantine_content"), (now, reason, message))
    for each in numbers:
        _end(connection, batch, message, each, reason)
    batch.touch(message)
    if not number:
        run_many(connection, "delete_contents", [(message,)])
    return True


def _content_damage(connection: apsw.Connection, message: int) -> bool:
    row = connection.execute(sql("content_row"), (message,)).fetchone()
    if row is None:
        return bool(connection.execute(sql("rows_of_message"), (message,)).fetchone())
    try:
        read_content(row)
    except Damaged:
        return True
    return False


def _delivery_damage(connection: apsw.Connection, message: int, number: int) -> bool:
    row = connection.execute(sql("row_of_delivery"), (message, number)).fetchone()
    if row is None:
        return False
    try:
        read_delivery((message, number, "", 0.0, 0, 0, "", *row[3:]))
    except Damaged:
        return True
    return False


def _end(connection: apsw.Connection, batch: Batch, message: int, number: int, reason: str) -> None:
    """Take one delivery out of the queue; its columns tell whose it was even when its data is damaged."""
    connection.execute(sql("quarantine_delivery"), (batch.now, reason, message, number))
    row = connection.execute(sql("row_of_delivery"), (message, number)).fetchone()
    tenant, address, campaign = row[:3] if row else ("", "", "")
    run_many(connection, "delete_deliveries", [(message, number)])
    event = Event(
        id=batch.new_id(), at=batch.now, kind="failed", tenant=tenant, stream="", message=message, number=number,
        recipient=address, campaign=campaign, reason="quarantined",
    )  # fmt: skip
    batch.event(pack(event), "failed")
