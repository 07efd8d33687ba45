"""``Reports`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, case, delete, func, insert, literal, select, tuple_

from estafette.model.report import DaySum, KeptReport, ReportKind, ReportRow, SourceSum
from estafette.store.interface.page import Page, Paged, cursor
from estafette.store.interface.records import AlreadyThere
from estafette.store.interface.reports import Kept
from estafette.store.tables.definitions.reports import REPORT, REPORT_ROW
from estafette.store.tables.rows import columns
from estafette.store.tables.transactions import Tables

_T, _R = REPORT.c, REPORT_ROW.c
DAY = 86_400
#: Reports that one transaction forgets.
_FORGOTTEN = 500


class ReportTables(Tables):
    """Every method is one transaction. Thread-safe."""

    def keep(self, report: KeptReport, rows: Sequence[ReportRow], *, since: float, most: int) -> Kept:
        """See ``Reports``."""
        try:
            return self._keep(report, rows, since, most)
        except AlreadyThere:  # the same report came twice at once
            return "known"

    def _keep(self, report: KeptReport, rows: Sequence[ReportRow], since: float, most: int) -> Kept:
        with self.counting() as connection:
            known = select(_T.id).where(_T.tenant == report.tenant, _T.name == report.name)
            if connection.execute(known).first() is not None:
                return "known"
            recent = select(func.count()).where(_T.tenant == report.tenant, _T.received >= since)
            if int(connection.execute(recent).scalar_one()) >= most:
                return "beyond_limit"
            connection.execute(insert(REPORT), columns(report))
            shared = {
                "parent": report.id, "tenant": report.tenant, "kind": report.kind, "about": report.domain,
                "day": int(report.begin // DAY),
            }  # fmt: skip
            if rows:
                values = [shared | {"number": place} | columns(row) for place, row in enumerate(rows, 1)]
                connection.execute(insert(REPORT_ROW), values)
            return "new"

    def page(
        self, page: Page, *, tenant: str | None, kind: ReportKind | None = None, domain: str = ""
    ) -> Paged[KeptReport]:
        """See ``Reports``."""
        query = _of(select(REPORT), _T.tenant, tenant, _T.domain, domain)
        if kind is not None:
            query = query.where(_T.kind == kind)
        if (begin := page.key(float, str)) is not None:
            query = query.where(tuple_(_T.end, _T.id) < tuple_(*map(literal, begin)))
        query = query.order_by(_T.end.desc(), _T.id.desc()).limit(page.limit + 1)
        found = tuple(self.list_rows(query, KeptReport))
        return _paged(found, page, lambda last: [last.end, last.id])

    def find(self, identity: str) -> KeptReport | None:
        """See ``Reports``."""
        return next(iter(self.list_rows(select(REPORT).where(_T.id == identity), KeptReport)), None)

    def rows(self, identity: str) -> Sequence[ReportRow]:
        """See ``Reports``."""
        return self.list_rows(select(REPORT_ROW).where(_R.parent == identity).order_by(_R.number), ReportRow)

    def sources(self, page: Page, *, tenant: str | None, first: int, domain: str = "") -> Paged[SourceSum]:
        """See ``Reports``."""
        theirs = case((_R.ours, 0), else_=1)
        query = _of(
            select(
                _R.about.label("domain"), _R.source, _R.ours, func.sum(_R.count).label("messages"),
                _sum(_R.passed, "passed"), _sum(_R.dkim == "pass", "dkim"), _sum(_R.spf == "pass", "spf"),
                _sum(_R.disposition == "reject", "rejected"), _sum(_R.disposition == "quarantine", "quarantined"),
                func.min(_R.day).label("first"), func.max(_R.day).label("last"),
            ),
            _R.tenant, tenant, _R.about, domain,
        )  # fmt: skip
        query = query.where(_R.kind == "dmarc", _R.day >= first).group_by(_R.about, _R.ours, _R.source)
        if (begin := page.key(str, int, str)) is not None:
            query = query.where(tuple_(_R.about, theirs, _R.source) > tuple_(*map(literal, begin)))
        query = query.order_by(_R.about, theirs, _R.source).limit(page.limit + 1)
        found = tuple(map(_whole, self.list_rows(query, SourceSum)))
        return _paged(found, page, lambda last: [last.domain, 0 if last.ours else 1, last.source])

    def days(self, *, tenant: str | None, first: int, domain: str = "", limit: int = 1_000) -> Sequence[DaySum]:
        """See ``Reports``."""
        query = _of(
            select(
                _R.about.label("domain"), _R.day, func.sum(_R.count).label("messages"), _sum(_R.passed, "passed"),
                _sum(_R.ours, "ours"), _sum(_R.ours & _R.passed, "ours_passed"),
            ),
            _R.tenant, tenant, _R.about, domain,
        )  # fmt: skip
        query = query.where(_R.kind == "dmarc", _R.day >= first).group_by(_R.about, _R.day)
        return [_whole(each) for each in self.list_rows(query.order_by(_R.day.desc(), _R.about).limit(limit), DaySum)]

    def prune(self, before: float) -> int:
        """See ``Reports``."""
        gone = 0
        while True:
            with self.counting() as connection:
                old = select(_T.id).where(_T.end < before).limit(_FORGOTTEN)
                found = [row.id for row in connection.execute(old)]
                connection.execute(delete(REPORT_ROW).where(_R.parent.in_(found)))
                connection.execute(delete(REPORT).where(_T.id.in_(found)))
            gone += len(found)
            if len(found) < _FORGOTTEN:
                return gone


def _of(query: Select[Any], owner: Any, tenant: str | None, about: Any, domain: str) -> Select[Any]:
    if tenant is not None:
        query = query.where(owner == tenant)
    return query.where(about == domain) if domain else query


def _sum(condition: ColumnElement[bool], name: str) -> Any:
    return func.sum(case((condition, _R.count), else_=0)).label(name)


def _whole(each: Any) -> Any:
    """Return sums as whole numbers: PostgreSQL sums large ones as decimals."""
    return msgspec.structs.replace(
        each, **{name: int(value) for name, value in msgspec.structs.asdict(each).items() if _is_sum(value)}
    )


def _is_sum(value: object) -> bool:
    return not isinstance(value, str | bool)


def _paged(found: tuple[Any, ...], page: Page, key: Any) -> Paged[Any]:
    if len(found) <= page.limit:
        return Paged(found)
    return Paged(found[: page.limit], cursor(key(found[page.limit - 1])))
