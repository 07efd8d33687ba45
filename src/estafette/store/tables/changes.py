"""What was written to the control tables since a version: rows, and tombstones of those that are gone."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from sqlalchemy import Connection, Table, select

from estafette.model.domain import Domain
from estafette.model.route import Route
from estafette.model.sender import Sender
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.model.topic import Topic
from estafette.store.interface.records import Changes, Credential, SealedKey, Suppression, SuppressionChanges
from estafette.store.tables.definitions.credentials import CREDENTIAL, SUPPRESSION
from estafette.store.tables.definitions.domains import DKIM_KEY, DOMAIN, SENDER
from estafette.store.tables.definitions.routes import ROUTE
from estafette.store.tables.definitions.service import TOMBSTONE
from estafette.store.tables.definitions.tenants import STREAM, TENANT
from estafette.store.tables.definitions.topics import TOPIC
from estafette.store.tables.rows import read_all
from estafette.store.tables.transactions import counters

Row = TypeVar("Row", bound=msgspec.Struct)


def read_changes(connection: Connection, since: int) -> Changes:
    """Return what the directory needs; from the beginning, what opens no door and signs nothing is left out."""
    keys, credentials = select(DKIM_KEY), select(CREDENTIAL)
    if not since:
        keys, credentials = keys.where(DKIM_KEY.c.stage == "active"), credentials.where(CREDENTIAL.c.revoked.is_(None))
    return Changes(
        version=counters(connection).control,
        tenants=_after(connection, TENANT, Tenant, since),
        streams=_after(connection, STREAM, Stream, since),
        domains=_after(connection, DOMAIN, Domain, since),
        keys=read_all(connection, keys.where(DKIM_KEY.c.version > since), SealedKey),
        credentials=read_all(connection, credentials.where(CREDENTIAL.c.version > since), Credential),
        senders=_after(connection, SENDER, Sender, since),
        topics=_after(connection, TOPIC, Topic, since),
        routes=_after(connection, ROUTE, Route, since),
        gone=_gone(connection, since, suppressions=False) if since else (),
    )


def read_suppression_changes(connection: Connection, since: int) -> SuppressionChanges:
    """Return the entries, and what is gone."""
    gone = _gone(connection, since, suppressions=True) if since else ()
    return SuppressionChanges(
        version=counters(connection).suppression,
        entries=_after(connection, SUPPRESSION, Suppression, since),
        gone=tuple((key[0], key[1], key[2]) for _, key in gone),
    )


def _after(connection: Connection, table: Table, kind: type[Row], since: int) -> tuple[Row, ...]:
    return read_all(connection, select(table).where(table.c.version > since), kind)


def _gone(connection: Connection, since: int, *, suppressions: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    ours = TOMBSTONE.c.kind == SUPPRESSION.name if suppressions else TOMBSTONE.c.kind != SUPPRESSION.name
    found = connection.execute(select(TOMBSTONE.c.kind, TOMBSTONE.c.key).where(ours, TOMBSTONE.c.version > since))
    return tuple((kind, msgspec.json.decode(key, type=tuple[str, ...])) for kind, key in found)
