"""``Tickets`` over SQLAlchemy Core."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, func, insert, literal, select, tuple_, update

from estafette.model.ticket import Ticket, TicketState
from estafette.store.interface.page import Page, Paged, cursor
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.definitions.complaints import TICKET
from estafette.store.tables.rows import columns, read_all, same
from estafette.store.tables.transactions import Tables

_T = TICKET.c


class TicketTables(Tables):
    """Every method is one transaction. Thread-safe."""

    def open(self, ticket: Ticket, *, alike_since: float, most: int) -> Ticket | None:
        """See ``Tickets``."""
        with self.counting() as connection:
            for kept in read_all(connection, select(TICKET).where(_T.message == ticket.message), Ticket):
                return kept
            if (found := _alike(connection, ticket, alike_since)) is not None:
                return found
            mine = select(func.count()).where(_T.tenant == ticket.tenant, _T.state == "open")
            if int(connection.execute(mine).scalar_one()) >= most:
                return None
            connection.execute(insert(TICKET), columns(ticket))
            return ticket

    def page(self, page: Page, *, tenant: str | None, state: TicketState | None = None) -> Paged[Ticket]:
        """See ``Tickets``."""
        query = select(TICKET)
        if tenant is not None:
            query = query.where(_T.tenant == tenant)
        if state is not None:
            query = query.where(_T.state == state)
        if (begin := page.key(float, str)) is not None:
            query = query.where(tuple_(_T.received, _T.id) < tuple_(*map(literal, begin)))
        found = tuple(self.list_rows(query.order_by(_T.received.desc(), _T.id.desc()).limit(page.limit + 1), Ticket))
        if len(found) <= page.limit:
            return Paged(found)
        last = found[page.limit - 1]
        return Paged(found[: page.limit], cursor([last.received, last.id]))

    def find(self, identity: str) -> Ticket | None:
        """See ``Tickets``."""
        return next(iter(self.list_rows(select(TICKET).where(_T.id == identity), Ticket)), None)

    def change(self, ticket: Ticket, entry: AuditEntry) -> None:
        """See ``Tickets``."""
        self.put(TICKET, ticket, entry)

    def prune(self, before: float) -> int:
        """See ``Tickets``."""
        with self.counting() as connection:
            return connection.execute(delete(TICKET).where(_T.seen < before)).rowcount


def _alike(connection: Connection, ticket: Ticket, since: float) -> Ticket | None:
    """Count a message on the open ticket that is like it; None when there is none."""
    query = select(TICKET).where(_T.likeness == ticket.likeness, _T.state == "open", _T.seen >= since)
    for kept in read_all(connection, query.where(_T.tenant == ticket.tenant).limit(1), Ticket):
        again = msgspec.structs.replace(kept, seen=max(kept.seen, ticket.seen), times=kept.times + 1)
        connection.execute(update(TICKET).where(*same(TICKET, kept)).values(columns(again)))
        return again
    return None
