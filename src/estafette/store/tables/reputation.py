"""``Reputation`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, insert, select, update

from estafette.model.pace import Pace
from estafette.store.interface.records import AuditEntry
from estafette.store.interface.reputation import Spell
from estafette.store.tables.books import SPELL_COUNTS, chunks
from estafette.store.tables.definitions.reputation import PACE, SPELL
from estafette.store.tables.rows import columns
from estafette.store.tables.transactions import Tables

_S, _P = SPELL.c, PACE.c


class ReputationTables(Tables):
    """Every method is one transaction. Thread-safe."""

    def sums(self, tenants: Collection[str], since: float) -> Sequence[Spell]:
        """See ``Reputation``."""
        key = (_S.tenant, _S.stream, _S.site)
        query = select(*key, *(func.sum(_S[name]) for name in SPELL_COUNTS)).where(_S.start >= since).group_by(*key)
        with self.reading() as connection:
            some = (connection.execute(query.where(_S.tenant.in_(names))) for names in chunks(tenants))
            return [
                Spell(tenant=tenant, start=0, stream=stream, site=site, **dict(zip(SPELL_COUNTS, counts, strict=True)))
                for rows in some
                for tenant, stream, site, *counts in rows
            ]

    def spells(self, tenant: str, stream: str, since: float) -> Sequence[Spell]:
        """See ``Reputation``."""
        query = select(SPELL).where(_S.tenant == tenant, _S.start >= since, _S.stream == stream)
        return self.list_rows(query.order_by(_S.start, _S.site), Spell)

    def prune(self, before: float) -> int:
        """See ``Reputation``."""
        with self.counting() as connection:
            return connection.execute(delete(SPELL).where(_S.start < before)).rowcount

    def paces(self, tenant: str = "", *, ended: bool = True) -> Sequence[Pace]:
        """See ``Reputation``."""
        query = select(PACE).order_by(_P.created.desc(), _P.id)
        if tenant:
            query = query.where(_P.tenant == tenant)
        return self.list_rows(query if ended else query.where(_P.ended.is_(None)), Pace)

    def put_pace(self, pace: Pace, entry: AuditEntry | None) -> None:
        """See ``Reputation``."""
        with self.changing(entry) as connection:
            change = update(PACE).where(_P.id == pace.id).values(columns(pace))
            if not connection.execute(change).rowcount:
                connection.execute(insert(PACE), columns(pace))
