"""``Lists`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Select, String, Table, case, cast, or_, select, tuple_

from estafette.model.domain import Domain
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.page import Page, Paged, cursor
from estafette.store.interface.records import AuditEntry, Credential, SealedKey, Suppression
from estafette.store.tables.definitions.credentials import CREDENTIAL, SUPPRESSION
from estafette.store.tables.definitions.domains import DKIM_KEY, DOMAIN
from estafette.store.tables.definitions.service import AUDIT
from estafette.store.tables.definitions.tenants import STREAM, TENANT
from estafette.store.tables.paging import read_page
from estafette.store.tables.rows import read_all
from estafette.store.tables.transactions import Tables

_AT_ONCE = 500
Row = TypeVar("Row", bound=msgspec.Struct)


class ListTables(Tables):
    """Look-ups and pages; every method is one reading."""

    def tenant(self, name: str) -> Tenant | None:
        """See ``Lists``."""
        return self._one(TENANT, TENANT.c.name, name, Tenant)

    def tenants(
        self,
        page: Page,
        *,
        within: Collection[str] | None = None,
        agencies: Collection[str] = (),
        parent: str = "",
        status: str = "",
    ) -> Paged[Tenant]:
        """See ``Lists``."""
        query = _where(select(TENANT), {TENANT.c.parent: parent, TENANT.c.status: status})
        if within is not None:
            query = query.where(or_(TENANT.c.id.in_(within), TENANT.c.parent.in_(agencies)))
        return self._page(query, (TENANT.c.created, TENANT.c.id), Tenant, page)

    def streams(self, tenants: Collection[str]) -> Sequence[Stream]:
        """See ``Lists``."""
        return self.list_rows(select(STREAM).where(STREAM.c.tenant.in_(tenants)), Stream)

    def domains(self, page: Page, *, tenant: str = "", status: str = "") -> Paged[Domain]:
        """See ``Lists``."""
        query = _where(select(DOMAIN), {DOMAIN.c.tenant: tenant, DOMAIN.c.status: status})
        return self._page(query, (DOMAIN.c.name, DOMAIN.c.id), Domain, page)

    def keys(self, owners: Collection[tuple[str, str]]) -> Sequence[SealedKey]:
        """See ``Lists``."""
        owned = tuple_(DKIM_KEY.c.tenant, DKIM_KEY.c.domain).in_(list(owners))
        query = select(DKIM_KEY).where(owned).order_by(DKIM_KEY.c.created, DKIM_KEY.c.selector)
        return self.list_rows(query, SealedKey)

    def credential(self, name: str, tenant: str = "") -> Credential | None:
        """See ``Lists``."""
        return self._one(CREDENTIAL, CREDENTIAL.c.username, name, Credential, {CREDENTIAL.c.tenant: tenant})

    def credentials(
        self, page: Page, *, tenant: str = "", stream: str = "", revoked: bool | None = None
    ) -> Paged[Credential]:
        """See ``Lists``."""
        query = _where(select(CREDENTIAL), {CREDENTIAL.c.tenant: tenant, CREDENTIAL.c.stream: stream})
        if revoked is not None:
            ended = CREDENTIAL.c.revoked
            query = query.where(ended.is_not(None) if revoked else ended.is_(None))
        return self._page(query, (CREDENTIAL.c.created, CREDENTIAL.c.id), Credential, page)

    def by_network(self) -> Sequence[Credential]:
        """See ``Lists``."""
        held = cast(CREDENTIAL.c.networks, String) != "[]"
        return self.list_rows(select(CREDENTIAL).where(CREDENTIAL.c.revoked.is_(None), held), Credential)

    def personal(self, credentials: Collection[str]) -> Collection[str]:
        """See ``Lists``."""
        stream = (CREDENTIAL.c.tenant == STREAM.c.tenant) & (CREDENTIAL.c.stream == STREAM.c.name)
        query = select(CREDENTIAL.c.id).join(STREAM, stream).where(STREAM.c.kind == "personal")
        asked, found = list(credentials), set[str]()
        with self.reading() as connection:
            for start in range(0, len(asked), _AT_ONCE):
                some = CREDENTIAL.c.id.in_(asked[start : start + _AT_ONCE])
                found.update(connection.execute(query.where(some)).scalars())
        return found

    def audit(self, page: Page, *, tenant: str = "", actor: str = "", action: str = "") -> Paged[AuditEntry]:
        """See ``Lists``."""
        query = _where(select(AUDIT), {AUDIT.c.tenant: tenant, AUDIT.c.actor: actor})
        if action:
            query = query.where(or_(AUDIT.c.action == action, AUDIT.c.action.startswith(f"{action}.", autoescape=True)))
        if begin := page.key(int):
            query = query.where(AUDIT.c.id < begin[0])
        query = query.order_by(AUDIT.c.id.desc()).limit(page.limit + 1)
        with self.reading() as connection:
            numbers = connection.execute(query.with_only_columns(AUDIT.c.id)).scalars().all()
            entries = read_all(connection, query, AuditEntry)[: page.limit]
        return Paged(entries, cursor([numbers[page.limit - 1]]) if len(numbers) > page.limit else "")

    def suppressions(
        self, page: Page, *, tenant: str = "", stream: str = "", address: str = "", reason: str = ""
    ) -> Paged[Suppression]:
        """See ``Lists``."""
        table = SUPPRESSION.c
        query = _where(
            select(SUPPRESSION),
            {table.tenant: tenant, table.stream: stream, table.address: address, table.reason: reason},
        )
        return self._page(query, (table.tenant, table.stream, table.address), Suppression, page)

    def _page(self, query: Select[Any], key: Sequence[Column[Any]], kind: type[Row], page: Page) -> Paged[Row]:
        with self.reading() as connection:
            return read_page(connection, query, key, kind, page)

    def _one(
        self,
        table: Table,
        column: ColumnElement[Any],
        name: str,
        kind: type[Row],
        filters: dict[ColumnElement[Any], str] | None = None,
    ) -> Row | None:
        # An id wins over a name of the same spelling, so that nobody takes another's place by choosing a name.
        if "\0" in name:
            return None
        query = _where(select(table), filters or {}).where(or_(table.c.id == name, column == name))
        first = query.order_by(case((table.c.id == name, 0), else_=1)).limit(1)
        return next(iter(self.list_rows(first, kind)), None)


def _where(query: Select[Any], filters: dict[ColumnElement[Any], str]) -> Select[Any]:
    return query.where(*(column == value for column, value in filters.items() if value))
