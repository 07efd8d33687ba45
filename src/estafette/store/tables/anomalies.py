"""``Anomalies`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, insert, literal, select, tuple_, update

from estafette.model.anomaly import Anomaly, Finding
from estafette.store.interface.page import Page, Paged, cursor
from estafette.store.interface.records import Stale
from estafette.store.tables.definitions.anomalies import ANOMALY
from estafette.store.tables.rows import columns, same
from estafette.store.tables.transactions import Tables

_A = ANOMALY.c


class AnomalyTables(Tables):
    """Episodes in a table; every method is one transaction. Thread-safe."""

    def open(self, tenant: str = "") -> Sequence[Anomaly]:
        """See ``Anomalies``."""
        query = select(ANOMALY).where(_A.ended.is_(None)).order_by(_A.begun, _A.id)
        return self._found(query.where(_A.tenant == tenant) if tenant else query)

    def untold(self) -> Sequence[Anomaly]:
        """See ``Anomalies``."""
        return self._found(select(ANOMALY).where(_A.told.is_(None)).order_by(_A.begun, _A.id))

    def page(self, page: Page, *, tenant: str, lasting: bool | None = None) -> Paged[Anomaly]:
        """See ``Anomalies``."""
        query = select(ANOMALY).where(_A.tenant == tenant)
        if lasting is not None:
            query = query.where(_A.ended.is_(None) if lasting else _A.ended.is_not(None))
        if (begin := page.key(float, str)) is not None:
            query = query.where(tuple_(_A.begun, _A.id) < tuple_(*map(literal, begin)))
        found = tuple(self._found(query.order_by(_A.begun.desc(), _A.id.desc()).limit(page.limit + 1)))
        if len(found) <= page.limit:
            return Paged(found)
        last = found[page.limit - 1]
        return Paged(found[: page.limit], cursor([last.begun, last.id]))

    def add(self, anomaly: Anomaly) -> None:
        """See ``Anomalies``."""
        with self.counting() as connection:
            connection.execute(insert(ANOMALY), _row(anomaly))

    def change(self, anomaly: Anomaly) -> None:
        """See ``Anomalies``."""
        with self.counting() as connection:
            change = update(ANOMALY).where(*same(ANOMALY, anomaly)).values(_row(anomaly))
            if not connection.execute(change).rowcount:
                raise Stale

    def _found(self, query: Select[Any]) -> Sequence[Anomaly]:
        return [_whole(row) for row in self.list_rows(query, Anomaly)]


def _row(anomaly: Anomaly) -> dict[str, Any]:
    findings = {name: msgspec.to_builtins(getattr(anomaly, name)) for name in ("first", "worst")}
    return columns(anomaly) | findings


def _whole(row: Anomaly) -> Anomaly:
    """Return a row with its findings read."""
    findings = {name: msgspec.convert(getattr(row, name), Finding) for name in ("first", "worst")}
    return msgspec.structs.replace(row, **findings)
