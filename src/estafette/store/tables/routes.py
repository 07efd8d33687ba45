"""``Routes`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import insert, select, tuple_

from estafette.model.route import Route
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry, Stale
from estafette.store.tables.definitions.routes import ROUTE
from estafette.store.tables.paging import read_page
from estafette.store.tables.rows import columns
from estafette.store.tables.transactions import Tables, bury

_R = ROUTE.c


class RouteTables(Tables):
    """Every method is one transaction."""

    def of(self, tenant: str, domain: str) -> Sequence[Route]:
        """See ``Routes``."""
        query = select(ROUTE).where(_R.tenant == tenant, _R.domain == domain)
        return self.list_rows(query.order_by(_R.created, _R.id), Route)

    def having(self, domains: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """See ``Routes``."""
        query = select(_R.tenant, _R.domain).where(tuple_(_R.tenant, _R.domain).in_(list(domains))).distinct()
        with self.reading() as connection:
            return {(tenant, domain) for tenant, domain in connection.execute(query)}

    def page(self, page: Page, *, tenant: str, domain: str = "") -> Paged[Route]:
        """See ``Routes``."""
        query = select(ROUTE).where(_R.tenant == tenant)
        if domain:
            query = query.where(_R.domain == domain)
        with self.reading() as connection:
            return read_page(connection, query, (_R.created, _R.id), Route, page)

    def find(self, tenant: str, route: str) -> Route | None:
        """See ``Routes``."""
        query = select(ROUTE).where(_R.tenant == tenant, _R.id == route)
        return None if "\0" in route else next(iter(self.list_rows(query, Route)), None)

    def add_route(self, route: Route, entry: AuditEntry) -> None:
        """See ``Routes``."""
        with self.changing(entry) as connection:
            connection.execute(insert(ROUTE), columns(route))

    def put_route(self, route: Route, entry: AuditEntry) -> None:
        """See ``Routes``."""
        self.put(ROUTE, route, entry)

    def remove_route(self, route: Route, entry: AuditEntry) -> None:
        """See ``Routes``."""
        with self.changing(entry) as connection:
            if not bury(connection, ROUTE, _R.id == route.id, _R.version == route.version):
                raise Stale
