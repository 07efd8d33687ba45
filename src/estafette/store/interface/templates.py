"""Templates at rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from estafette.model.template import Template, TemplateKind, TemplateVersion
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry


class Templates(Protocol):
    """Templates of tenants and all their versions. Plain calls that wait for the disk."""

    def find(self, tenant: str, name: str) -> Template | None:
        """Return a template of a tenant by id or name."""
        ...

    def page(self, page: Page, *, tenant: str, kind: TemplateKind | None = None) -> Paged[Template]:
        """Return a page of a tenant's templates, oldest first."""
        ...

    def version(self, template: str, number: int) -> TemplateVersion | None:
        """Return a version by its number."""
        ...

    def versions(self, page: Page, *, template: str) -> Paged[TemplateVersion]:
        """Return a page of versions, oldest first."""
        ...

    def parts(self, tenant: str, names: Sequence[str]) -> Sequence[tuple[str, TemplateVersion]]:
        """Return layouts and partials by name, as published; those that are not published are missing."""
        ...

    def add(self, template: Template, version: TemplateVersion, entry: AuditEntry) -> None:
        """Add a template with its first version; AlreadyThere when the name is taken."""
        ...

    def change(self, template: Template, version: TemplateVersion | None, entry: AuditEntry) -> None:
        """Write a template's new state, with the version that it gained; Stale, AlreadyThere."""
        ...

    def remove(self, template: Template, entry: AuditEntry) -> None:
        """Remove a template with all versions; Stale when it is gone or changed."""
        ...
