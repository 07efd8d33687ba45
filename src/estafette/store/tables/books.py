"""``Books`` over SQLAlchemy Core: the counters, read and written in one transaction.

Whoever counts or reserves locks the rows of the tenants first, in the order of their ids, so that two processes never
give away the same unit and never wait for each other in a circle. SQLite has one writer at a time and needs no lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Select, and_, bindparam, delete, func, insert, or_, select, update

from estafette.model.calendar import Period
from estafette.model.plan import Pack, Plan
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.plans import Account, Consumed, Slice, Standing, Usage
from estafette.store.interface.reputation import Spell
from estafette.store.tables.definitions.plans import CURSOR, PACK, PLAN, SLICE, TRUST, USAGE
from estafette.store.tables.definitions.reputation import SPELL
from estafette.store.tables.definitions.tenants import STREAM, TENANT
from estafette.store.tables.engine import add_counts
from estafette.store.tables.rows import columns, read_all

#: Values of one IN list; both engines take some 32,000 of them.
_AT_ONCE = 1_000
_COUNTS = ("recipients", "units", "free", "plan", "pack", "overage", "excess", "bounced", "complained")
SPELL_COUNTS = ("attempted", "deferred", "hard", "unknown", "blocked")

Row = TypeVar("Row", bound=msgspec.Struct)


class TableBooks:
    """Implements ``Books`` on the connection of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def position(self, name: str) -> int:
        """See ``Books``."""
        query = select(CURSOR.c.position).where(CURSOR.c.name == name).with_for_update()
        return self._connection.execute(query).scalar() or 0

    def move(self, name: str, position: int) -> None:
        """See ``Books``."""
        change = update(CURSOR).where(CURSOR.c.name == name).values(position=position)
        if not self._connection.execute(change).rowcount:
            self._connection.execute(insert(CURSOR), {"name": name, "position": position})

    def unlimited(self, tenants: Collection[str]) -> dict[str, Account]:
        """See ``Books``."""
        columns = [TENANT.c[name] for name in ("id", "name", "timezone", "anchor", "created")]
        free = select(*columns).where(TENANT.c.plan == "", TENANT.c.trust == "full")
        found: dict[str, Account] = {}
        for names in chunks(tenants):
            for id_, name, timezone, anchor, created in self._connection.execute(free.where(TENANT.c.id.in_(names))):
                tenant = Tenant(id=id_, name=name, timezone=timezone, anchor=anchor, created=created)
                found[id_] = Account(tenant=tenant, plan=None, packs=[], slices=[], usage={}, kinds={})
        return found

    def accounts(self, tenants: Collection[str], since: Mapping[Period, int]) -> dict[str, Account]:
        """See ``Books``."""
        found: dict[str, Account] = {}
        plans = {plan.name: plan for plan in read_all(self._connection, select(PLAN), Plan)}
        for names in chunks(tenants):
            locked = select(TENANT).where(TENANT.c.id.in_(names)).order_by(TENANT.c.id)
            for tenant in read_all(self._connection, locked.with_for_update(key_share=True), Tenant):
                found[tenant.id] = Account(
                    tenant=tenant, plan=plans.get(tenant.plan), packs=[], slices=[], usage={}, kinds={}
                )
            self._fill(found, names, since)
        return found

    def _fill(self, found: dict[str, Account], names: Sequence[str], since: Mapping[Period, int]) -> None:
        packs = select(PACK).where(PACK.c.tenant.in_(names), PACK.c.left > 0).order_by(PACK.c.created, PACK.c.id)
        for pack in self._all(packs, Pack):
            found[pack.tenant].packs.append(pack)
        for one in self._all(select(SLICE).where(SLICE.c.tenant.in_(names)).order_by(SLICE.c.until), Slice):
            found[one.tenant].slices.append(one)
        for stream in self._all(select(STREAM).where(STREAM.c.tenant.in_(names)), Stream):
            found[stream.tenant].kinds[stream.name] = stream.kind
        for standing in self._all(select(TRUST).where(TRUST.c.tenant.in_(names)), Standing):
            found[standing.tenant].standing = standing
        windows = [and_(USAGE.c.period == period, USAGE.c.start >= start) for period, start in since.items()]
        if windows:
            for row in self._all(select(USAGE).where(USAGE.c.tenant.in_(names), or_(*windows)), Usage):
                found[row.tenant].usage[row.period, row.start, row.stream, row.credential] = row

    def consumed(self, tenants: Collection[str], since: Mapping[Period, int]) -> dict[str, Counter[Consumed]]:
        """See ``Books``."""
        found: dict[str, Counter[Consumed]] = {tenant: Counter() for tenant in tenants}
        windows = [and_(USAGE.c.period == period, USAGE.c.start >= start) for period, start in since.items()]
        sums = (func.sum(USAGE.c.free), func.sum(USAGE.c.plan))
        query = select(USAGE.c.tenant, USAGE.c.period, USAGE.c.start, *sums).where(or_(*windows))
        query = query.group_by(USAGE.c.tenant, USAGE.c.period, USAGE.c.start)
        for names in chunks(tenants):
            for tenant, period, start, free, plan in self._connection.execute(query.where(USAGE.c.tenant.in_(names))):
                found[tenant][period, start, "free"] = int(free)
                found[tenant][period, start, "plan"] = int(plan)
        return found

    def add_usage(self, rows: Collection[Usage]) -> None:
        """See ``Books``."""
        # In the order of the key, with which a row begins, so that the tree is walked once.
        add_counts(self._connection, USAGE, _COUNTS, sorted(map(msgspec.structs.astuple, rows)))

    def add_spells(self, rows: Collection[Spell]) -> None:
        """See ``Books``."""
        add_counts(self._connection, SPELL, SPELL_COUNTS, sorted(map(msgspec.structs.astuple, rows)))

    def watched(self, tenants: Collection[str], since: float) -> set[tuple[str, str, str]]:
        """See ``Books``."""
        key = (SPELL.c.tenant, SPELL.c.stream, SPELL.c.site)
        query = select(*key).where(SPELL.c.start >= since, SPELL.c.site != "").distinct()
        some = (self._connection.execute(query.where(SPELL.c.tenant.in_(names))) for names in chunks(tenants))
        return {(tenant, stream, site) for rows in some for tenant, stream, site in rows}

    def known(self, tenants: Collection[str]) -> set[str]:
        """See ``Books``."""
        some = (self._connection.execute(select(TENANT.c.id).where(TENANT.c.id.in_(n))) for n in chunks(tenants))
        return {tenant for rows in some for (tenant,) in rows}

    def write_packs(self, packs: Sequence[Pack]) -> None:
        """See ``Books``."""
        if packs:
            change = update(PACK).where(PACK.c.id == bindparam("key")).values(left=bindparam("rest"))
            self._connection.execute(change, [{"key": pack.id, "rest": pack.left} for pack in packs])

    def write_slices(self, changed: Sequence[Slice], gone: Sequence[str] = ()) -> None:
        """See ``Books``."""
        if changed:
            change = update(SLICE).where(SLICE.c.id == bindparam("key")).values(units=bindparam("rest"))
            self._connection.execute(change, [{"key": one.id, "rest": one.units} for one in changed])
        for names in chunks(gone):
            self._connection.execute(delete(SLICE).where(SLICE.c.id.in_(names)))

    def add_slice(self, one: Slice) -> None:
        """See ``Books``."""
        self._connection.execute(insert(SLICE), columns(one))

    def give_back(self, identity: str, units: int) -> None:
        """See ``Books``."""
        change = update(SLICE).where(SLICE.c.id == identity).values(units=SLICE.c.units - units)
        self._connection.execute(change)
        self._connection.execute(delete(SLICE).where(SLICE.c.id == identity, SLICE.c.units <= 0))

    def forget_slices(self, before: float) -> None:
        """See ``Books``."""
        self._connection.execute(delete(SLICE).where(SLICE.c.until < before))

    def _all(self, query: Select[Any], kind: type[Row]) -> tuple[Row, ...]:
        return read_all(self._connection, query, kind)


def chunks(names: Collection[str]) -> Iterator[list[str]]:
    """Split names so that a statement can bear them, in their order, so that a tree is walked once."""
    rest = iter(sorted(names))
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk
