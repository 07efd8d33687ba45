"""Reading a stretch of the log: by the index of whose it is, and never through more of it than a moment allows."""

from __future__ import annotations

from typing import Any

import apsw

from estafette.model.event import Event, unpack
from estafette.store.interface.history import EventFilter, Stretch
from estafette.store.sqlite.database import get_meta
from estafette.store.sqlite.statements import sql

_FILE = "history_queries.sql"
#: Events looked at in one reading, when few of them may match.
LOOKED = 20_000
_ALL = -1
#: Seconds by which an event may be written later than one that came after it: mail waits for its reader.
_DISORDER = 86_400.0
#: Whose events: field -> (how they are found, what they are).
_OWNERS = {
    "message": ("INDEXED BY event_message", "message = ? AND"),
    "tenant": ("INDEXED BY event_of_tenant", "tenant = ? AND"),
}
_CONDITIONS = (
    ("tenant", "AND +tenant = ?"),
    ("kind", "AND kind = ?"),
    ("recipient", "AND recipient = ? COLLATE NOCASE"),
    ("campaign", "AND campaign = ?"),
    ("since", "AND at >= ?"),
    ("until", "AND at < ?"),
)


def read_stretch(connection: apsw.Connection, cursor: int, limit: int, selection: EventFilter) -> Stretch:
    """Return up to ``limit`` matching events after a cursor, out of the next ``LOOKED`` of the tenant or of all."""
    top: int = get_meta(connection, "position") or 0
    owner = next((name for name in _OWNERS if getattr(selection, name)), "")
    by, whose = _OWNERS.get(owner, ("NOT INDEXED", ""))
    values = [getattr(selection, owner)] if owner else []
    text, wanted = _where(selection, owner)
    inside = bool(selection.stream or selection.tag or selection.route)
    end = None
    if text or inside:
        statement = _fitted("stretch_end", by, whose)
        end = connection.execute(statement, (*values, cursor, LOOKED - 1)).fetchone()
    last: int = top if end is None else min(top, int(end[0]))
    statement = _fitted("stretch", by, whose).replace("/*where*/", text)
    rows = connection.execute(statement, (*values, cursor, last, *wanted, _ALL if inside else limit))
    items: list[tuple[int, Event]] = []
    for position, blob in rows:
        event = unpack(blob)
        if not inside or _fits(event, selection):
            items.append((position, event))
            if len(items) == limit:
                rows.close(force=True)
                return Stretch(items, position, more=True)
    return Stretch(items, max(cursor, last), more=last < top)


def read_incoming(connection: apsw.Connection, before: int, limit: int, selection: EventFilter) -> Stretch:
    """Return up to ``limit`` matching ``inbound`` events before a cursor, newest first, out of ``LOOKED``."""
    items: list[tuple[int, Event]] = []
    rows = connection.execute(sql("incoming", file=_FILE), (selection.tenant, before))
    for looked, (position, blob) in enumerate(rows, 1):
        event = unpack(blob)
        if event.at < selection.since:  # they are written in about the order in which they came
            if event.at < selection.since - _DISORDER:
                break
        elif _came(event, selection):
            items.append((position, event))
        if len(items) == limit or looked == LOOKED:
            rows.close(force=True)
            return Stretch(items, position, more=True)
    rows.close(force=True)
    return Stretch(items, 0, more=False)


def _came(event: Event, selection: EventFilter) -> bool:
    """Return whether mail came to the address, by the route and before the time that are asked for."""
    if selection.recipient and event.recipient.lower() != selection.recipient.lower():
        return False
    return selection.route in {"", event.route} and (not selection.until or event.at < selection.until)


def _fitted(name: str, by: str, whose: str) -> str:
    return sql(name, file=_FILE).replace("/*by*/", by).replace("/*whose*/", whose)


def _where(selection: EventFilter, owner: str) -> tuple[str, list[Any]]:
    """Return the conditions that columns can answer, but for whose the events are."""
    parts, values = [], []
    for field, text in _CONDITIONS:
        value = getattr(selection, field)
        if value and field != owner:
            parts.append(text)
            values.append(value)
    return " ".join(parts), values


def _fits(event: Event, selection: EventFilter) -> bool:
    """Return whether an event is of the stream and the route and has the tag, which have no columns."""
    if selection.stream not in {"", event.stream} or selection.route not in {"", event.route}:
        return False
    return not selection.tag or selection.tag in event.tags
