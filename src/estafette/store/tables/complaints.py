"""``Complaints`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from estafette.model.complaint import Complaint
from estafette.store.interface.records import AlreadyThere
from estafette.store.tables.books import chunks
from estafette.store.tables.definitions.complaints import COMPLAINT
from estafette.store.tables.rows import columns, read_all, same
from estafette.store.tables.transactions import Tables

_C = COMPLAINT.c


class ComplaintTables(Tables):
    """Every method is one transaction. Thread-safe."""

    def note(self, complaint: Complaint) -> Complaint:
        """See ``Complaints``."""
        try:
            with self.counting() as connection:
                return _noted(connection, complaint)
        except AlreadyThere:  # another process was quicker, and its row is there now
            with self.counting() as connection:
                return _noted(connection, complaint)

    def count(self, tenants: Collection[str], first: int, since: float = 0.0) -> Mapping[tuple[str, str], int]:
        """See ``Complaints``."""
        query = select(_C.tenant, _C.stream, func.count()).where(_C.message >= first, _C.at >= since)
        query = query.group_by(_C.tenant, _C.stream)
        with self.reading() as connection:
            some = (connection.execute(query.where(_C.tenant.in_(names))) for names in chunks(tenants))
            return {(tenant, stream): number for rows in some for tenant, stream, number in rows}

    def newest(self, tenant: str, stream: str, limit: int = 20) -> Collection[Complaint]:
        """See ``Complaints``."""
        query = select(COMPLAINT).where(_C.tenant == tenant, _C.stream == stream).order_by(_C.at.desc(), _C.message)
        return self.list_rows(query.limit(limit), Complaint)

    def prune(self, before: float) -> int:
        """See ``Complaints``."""
        with self.counting() as connection:
            return connection.execute(delete(COMPLAINT).where(_C.seen < before)).rowcount


def _noted(connection: Connection, complaint: Complaint) -> Complaint:
    mine = same(COMPLAINT, complaint)
    for kept in read_all(connection, select(COMPLAINT).where(*mine), Complaint):
        if kept.report == complaint.report:
            return kept
        again = msgspec.structs.replace(kept, seen=max(kept.seen, complaint.seen), reports=kept.reports + 1)
        connection.execute(update(COMPLAINT).where(*mine).values(columns(again)))
        return again
    connection.execute(insert(COMPLAINT), columns(complaint))
    return complaint
