"""``Plans`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import func, insert, or_, select, update

from estafette.model.calendar import Period
from estafette.model.plan import Pack, Plan
from estafette.model.suspension import Suspension
from estafette.model.tenant import Tenant
from estafette.store.interface.plans import Slice, Standing, Statement, Usage
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.books import TableBooks, chunks
from estafette.store.tables.definitions.plans import (
    ALERT,
    CURSOR,
    PACK,
    PLAN,
    SLICE,
    STATEMENT,
    SUSPENSION,
    TRUST,
    USAGE,
)
from estafette.store.tables.definitions.tenants import TENANT
from estafette.store.tables.rows import columns, same
from estafette.store.tables.transactions import Tables, bury

LONGEST_MONTH = 31 * 86_400


class PlanTables(Tables):
    """Plans, usage and trust in tables. Thread-safe."""

    def plans(self) -> Sequence[Plan]:
        """See ``Plans``."""
        return self.list_rows(select(PLAN).order_by(PLAN.c.name), Plan)

    def add_plan(self, plan: Plan, entry: AuditEntry) -> None:
        """See ``Plans``."""
        with self.changing(entry) as connection:
            connection.execute(insert(PLAN), columns(plan))

    def put_plan(self, plan: Plan, entry: AuditEntry) -> None:
        """See ``Plans``."""
        self.put(PLAN, plan, entry)

    def remove_plan(self, name: str, entry: AuditEntry) -> int:
        """See ``Plans``."""
        with self.changing(entry) as connection:
            return bury(connection, PLAN, PLAN.c.name == name)

    def packs(self, tenant: str) -> Sequence[Pack]:
        """See ``Plans``."""
        return self.list_rows(select(PACK).where(PACK.c.tenant == tenant).order_by(PACK.c.created, PACK.c.id), Pack)

    def add_pack(self, pack: Pack, entry: AuditEntry) -> None:
        """See ``Plans``."""
        with self.changing(entry) as connection:
            connection.execute(insert(PACK), columns(pack))

    def usage(self, tenant: str, period: Period, since: float, until: float) -> Sequence[Usage]:
        """See ``Plans``."""
        query = select(USAGE).where(USAGE.c.tenant == tenant, USAGE.c.period == period)
        query = query.where(USAGE.c.start >= since, USAGE.c.start < until)
        return self.list_rows(query.order_by(USAGE.c.start, USAGE.c.stream, USAGE.c.credential), Usage)

    def large_days(self, tenants: Collection[str], since: float, least: int) -> Sequence[Usage]:
        """See ``Plans``."""
        days = select(USAGE).where(USAGE.c.period == "day", USAGE.c.start >= since, USAGE.c.recipients >= least)
        found = list[Usage]()
        for names in chunks(tenants):
            found += self.list_rows(days.where(USAGE.c.tenant.in_(names)), Usage)
        return found

    def busy_hours(self, tenants: Collection[str], since: float, least: int) -> Collection[tuple[str, str, int]]:
        """See ``Plans``."""
        hours = select(USAGE.c.tenant, USAGE.c.credential, USAGE.c.start)
        hours = hours.where(USAGE.c.period == "hour", USAGE.c.start >= since)
        hours = hours.group_by(USAGE.c.tenant, USAGE.c.credential, USAGE.c.start)
        hours = hours.having(func.sum(USAGE.c.recipients) > least)
        with self.reading() as connection:
            some = (connection.execute(hours.where(USAGE.c.tenant.in_(names))) for names in chunks(tenants))
            return [(tenant, credential, start) for rows in some for tenant, credential, start in rows]

    def months(self, tenants: Collection[str], since: float) -> Mapping[str, int]:
        """See ``Plans``."""
        query = select(USAGE.c.tenant, func.sum(USAGE.c.plan))
        query = query.where(USAGE.c.period == "month", USAGE.c.start >= since, USAGE.c.plan > 0)
        query = query.group_by(USAGE.c.tenant, USAGE.c.start)
        found: dict[str, int] = {}
        with self.reading() as connection:
            for names in chunks(tenants):
                for tenant, units in connection.execute(query.where(USAGE.c.tenant.in_(names))):
                    found[tenant] = max(int(units), found.get(tenant, 0))
        return found

    def on_plans(self, tenants: Collection[str]) -> Sequence[Tenant]:
        """See ``Plans``."""
        query = select(TENANT).where(TENANT.c.plan != "")
        return [
            each for names in chunks(tenants) for each in self.list_rows(query.where(TENANT.c.id.in_(names)), Tenant)
        ]

    def on_ramp(self) -> Sequence[Tenant]:
        """See ``Plans``."""
        return self.list_rows(select(TENANT).where(TENANT.c.trust == "ramp").order_by(TENANT.c.created), Tenant)

    def slices(self, tenant: str) -> Sequence[Slice]:
        """See ``Plans``."""
        return self.list_rows(select(SLICE).where(SLICE.c.tenant == tenant).order_by(SLICE.c.until), Slice)

    def position(self, name: str) -> int:
        """See ``Plans``."""
        with self.reading() as connection:
            return connection.execute(select(CURSOR.c.position).where(CURSOR.c.name == name)).scalar() or 0

    @contextmanager
    def books(self) -> Iterator[TableBooks]:
        """See ``Plans``."""
        with self.counting() as connection:
            yield TableBooks(connection)

    def statements(self, tenant: str) -> Sequence[Statement]:
        """See ``Plans``."""
        query = select(STATEMENT).where(STATEMENT.c.tenant == tenant).order_by(STATEMENT.c.start.desc())
        return self.list_rows(query, Statement)

    def close_month(self, statement: Statement) -> None:
        """See ``Plans``."""
        with self.counting() as connection:
            if connection.execute(select(STATEMENT.c.start).where(*same(STATEMENT, statement))).first() is None:
                connection.execute(insert(STATEMENT), columns(statement))

    def unclosed(self, before: float) -> Sequence[str]:
        """See ``Plans``."""
        latest = select(func.max(STATEMENT.c.start)).where(STATEMENT.c.tenant == TENANT.c.id).scalar_subquery()
        old = or_(latest.is_(None), latest < before - LONGEST_MONTH)
        with self.reading() as connection:
            return connection.execute(select(TENANT.c.id).where(TENANT.c.created < before, old)).scalars().all()

    def alerted(self, tenant: str, start: int) -> frozenset[int]:
        """See ``Plans``."""
        query = select(ALERT.c.level).where(ALERT.c.tenant == tenant, ALERT.c.start == start)
        with self.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def note_alert(self, tenant: str, start: int, level: int, at: float) -> bool:
        """See ``Plans``."""
        key = {"tenant": tenant, "start": start, "level": level}
        with self.counting() as connection:
            if connection.execute(select(ALERT.c.sent).filter_by(**key)).first() is not None:
                return False
            connection.execute(insert(ALERT), key | {"sent": at})
            return True

    def standings(self) -> Sequence[Standing]:
        """See ``Plans``."""
        return self.list_rows(select(TRUST), Standing)

    def put_standing(self, standing: Standing) -> None:
        """See ``Plans``."""
        with self.counting() as connection:
            change = update(TRUST).where(TRUST.c.tenant == standing.tenant).values(columns(standing))
            if not connection.execute(change).rowcount:
                connection.execute(insert(TRUST), columns(standing))

    def suspensions(self, tenant: str = "", *, ended: bool = True) -> Sequence[Suspension]:
        """See ``Plans``."""
        query = select(SUSPENSION).order_by(SUSPENSION.c.created.desc(), SUSPENSION.c.id)
        if tenant:
            query = query.where(SUSPENSION.c.tenant == tenant)
        return self.list_rows(query if ended else query.where(SUSPENSION.c.ended.is_(None)), Suspension)

    def put_suspension(self, suspension: Suspension, entry: AuditEntry | None) -> None:
        """See ``Plans``."""
        with self.changing(entry) as connection:
            change = update(SUSPENSION).where(SUSPENSION.c.id == suspension.id).values(columns(suspension))
            if not connection.execute(change).rowcount:
                connection.execute(insert(SUSPENSION), columns(suspension))
