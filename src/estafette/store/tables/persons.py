"""Erasing a person from the control tables: suppressions, the words of the audit, kept answers, calls of webhooks."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Text, and_, cast, delete, func, insert, or_, select, update

from estafette.model.erasure import Erasure
from estafette.store.interface.records import AuditEntry, Wiped
from estafette.store.tables.definitions.complaints import TICKET
from estafette.store.tables.definitions.credentials import CREDENTIAL, SOFT_BOUNCE, SUPPRESSION
from estafette.store.tables.definitions.letters import RECEIPT
from estafette.store.tables.definitions.service import AUDIT, TOMBSTONE
from estafette.store.tables.definitions.webhooks import WEBHOOK, WEBHOOK_CALL
from estafette.store.tables.engine import compact
from estafette.store.tables.rows import columns
from estafette.store.tables.transactions import Tables

#: Rows held in memory at once.
_AT_ONCE = 500
_WORDS = ("subject", "detail", "before", "after")


class PersonTables(Tables):
    """Implements ``PersonRecords``."""

    def wipe(self, erasure: Erasure, entry: AuditEntry) -> Wiped:
        """See ``PersonRecords``."""
        with self.counting() as connection:
            suppressions = _unlist(connection, erasure)
            wiped = Wiped(
                suppressions=suppressions,
                audit=_reword(connection, erasure),
                receipts=_remove_receipts(connection, erasure),
                calls=_remove_calls(connection, erasure),
                tickets=_remove_tickets(connection, erasure),
            )
            connection.execute(insert(AUDIT), columns(entry))
        compact(self.engine)
        return wiped


def _unlist(connection: Connection, erasure: Erasure) -> int:
    """Remove the entries of the address, and no tombstone: who has read them goes on refusing, which is as well."""
    table, mine = SUPPRESSION.c, TOMBSTONE.c
    gone = connection.execute(
        delete(SUPPRESSION).where(table.tenant == erasure.tenant, table.address == erasure.address)
    )
    counted, of = SOFT_BOUNCE.c, erasure
    connection.execute(delete(SOFT_BOUNCE).where(counted.tenant == of.tenant, counted.address == of.address))
    key = mine.key.endswith(msgspec.json.encode(erasure.address).decode() + "]", autoescape=True)
    start = mine.key.startswith(f'["{erasure.tenant}",', autoescape=True)
    connection.execute(delete(TOMBSTONE).where(mine.kind == SUPPRESSION.name, start, key))
    return gone.rowcount


def _reword(connection: Connection, erasure: Erasure) -> int:
    """Put the tombstone into what was written down about the tenant, and by the operator about no tenant."""
    names = [func.lower(cast(AUDIT.c[name], Text)).contains(erasure.address, autoescape=True) for name in _WORDS]
    query = select(AUDIT.c.id, *(AUDIT.c[name] for name in _WORDS))
    found = connection.execute(query.where(AUDIT.c.tenant.in_((erasure.tenant, "")), or_(*names))).all()
    for number, *words in found:
        values: dict[str, Any] = dict(zip(_WORDS, map(erasure.anything, words), strict=True))
        connection.execute(update(AUDIT).where(AUDIT.c.id == number).values(values))
    return len(found)


def _remove_receipts(connection: Connection, erasure: Erasure) -> int:
    mine = RECEIPT.c.credential.in_(select(CREDENTIAL.c.id).where(CREDENTIAL.c.tenant == erasure.tenant))
    query = select(RECEIPT.c.credential, RECEIPT.c.key, RECEIPT.c.answer).where(mine)
    keys = [(credential, key) for credential, key, answer in _stream(connection, query) if erasure.quoted(answer)]
    for credential, key in keys:
        connection.execute(delete(RECEIPT).where(and_(RECEIPT.c.credential == credential, RECEIPT.c.key == key)))
    return len(keys)


def _remove_tickets(connection: Connection, erasure: Erasure) -> int:
    table = TICKET.c
    words = (table.sender, table.author, table.subject, table.text, table.note)
    rows = _stream(connection, select(table.id, *words).where(table.tenant == erasure.tenant))
    gone = [number for number, *said in rows if erasure.quoted("\n".join(said).encode())]
    for number in gone:
        connection.execute(delete(TICKET).where(table.id == number))
    return len(gone)


def _remove_calls(connection: Connection, erasure: Erasure) -> int:
    table = WEBHOOK_CALL.c
    mine = table.webhook.in_(select(WEBHOOK.c.id).where(WEBHOOK.c.tenant == erasure.tenant))
    query = select(table.webhook, table.id, table.body, cast(table.tries, Text)).where(mine)
    rows = _stream(connection, query)
    keys = [(webhook, call) for webhook, call, body, tries in rows if erasure.quoted(body + tries.encode())]
    for webhook, call in keys:
        connection.execute(delete(WEBHOOK_CALL).where(and_(table.webhook == webhook, table.id == call)))
    return len(keys)


def _stream(connection: Connection, query: Any) -> Any:
    return connection.execute(query.execution_options(yield_per=_AT_ONCE))
