"""Routes of domains. Plain calls that may wait for the disk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from estafette.model.route import Route
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry


class Routes(Protocol):
    """Every write commits its audit entry with it. The routes of a domain go with it."""

    def of(self, tenant: str, domain: str) -> Sequence[Route]:
        """Return the routes of a domain, oldest first."""
        ...

    def having(self, domains: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which of some domains, each as (tenant, name), have routes."""
        ...

    def page(self, page: Page, *, tenant: str, domain: str = "") -> Paged[Route]:
        """Return a page of the routes of a tenant, of one domain when it is named, oldest first."""
        ...

    def find(self, tenant: str, route: str) -> Route | None:
        """Return a route of a tenant."""
        ...

    def add_route(self, route: Route, entry: AuditEntry) -> None:
        """Add one; AlreadyThere when its domain has one of the same pattern, Stale when the domain is gone."""
        ...

    def put_route(self, route: Route, entry: AuditEntry) -> None:
        """Write its new state; AlreadyThere, Stale."""
        ...

    def remove_route(self, route: Route, entry: AuditEntry) -> None:
        """Remove one; Stale."""
        ...
