"""``Templates`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, or_, select, update

from estafette.model.template import Template, TemplateKind, TemplateVersion
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry, Stale
from estafette.store.tables.definitions.templates import TEMPLATE, TEMPLATE_VERSION
from estafette.store.tables.paging import read_page
from estafette.store.tables.rows import columns, read_all, same
from estafette.store.tables.transactions import Tables

_T, _V = TEMPLATE.c, TEMPLATE_VERSION.c


class TemplateTables(Tables):
    """Templates in tables; every method is one transaction. Thread-safe."""

    def find(self, tenant: str, name: str) -> Template | None:
        """See ``Templates``."""
        if "\0" in name:
            return None
        query = select(TEMPLATE).where(_T.tenant == tenant, or_(_T.id == name, _T.name == name))
        return next(iter(self.list_rows(query, Template)), None)

    def page(self, page: Page, *, tenant: str, kind: TemplateKind | None = None) -> Paged[Template]:
        """See ``Templates``."""
        query = select(TEMPLATE).where(_T.tenant == tenant)
        if kind is not None:
            query = query.where(_T.kind == kind)
        with self.reading() as connection:
            return read_page(connection, query, (_T.created, _T.id), Template, page)

    def version(self, template: str, number: int) -> TemplateVersion | None:
        """See ``Templates``."""
        query = select(TEMPLATE_VERSION).where(_V.template == template, _V.number == number)
        return next(iter(self.list_rows(query, TemplateVersion)), None)

    def versions(self, page: Page, *, template: str) -> Paged[TemplateVersion]:
        """See ``Templates``."""
        query = select(TEMPLATE_VERSION).where(_V.template == template)
        with self.reading() as connection:
            return read_page(connection, query, (_V.number,), TemplateVersion, page)

    def parts(self, tenant: str, names: Sequence[str]) -> Sequence[tuple[str, TemplateVersion]]:
        """See ``Templates``."""
        wanted = (_T.tenant == tenant, _T.kind == "part", _T.name.in_(names))
        joined = (_V.template == _T.id) & (_V.number == _T.published)
        query = select(TEMPLATE_VERSION).join(TEMPLATE, joined).where(*wanted)
        with self.reading() as connection:
            named = {row.id: row.name for row in connection.execute(select(_T.id, _T.name).where(*wanted))}
            found = read_all(connection, query, TemplateVersion)
        return [(named[each.template], each) for each in found]

    def add(self, template: Template, version: TemplateVersion, entry: AuditEntry) -> None:
        """See ``Templates``."""
        with self.changing(entry) as connection:
            connection.execute(insert(TEMPLATE), columns(template))
            connection.execute(insert(TEMPLATE_VERSION), columns(version))

    def change(self, template: Template, version: TemplateVersion | None, entry: AuditEntry) -> None:
        """See ``Templates``."""
        seen = (*same(TEMPLATE, template), _T.version == template.version)
        with self.changing(entry) as connection:
            if not connection.execute(update(TEMPLATE).where(*seen).values(columns(template))).rowcount:
                raise Stale
            if version is not None:
                connection.execute(insert(TEMPLATE_VERSION), columns(version))

    def remove(self, template: Template, entry: AuditEntry) -> None:
        """See ``Templates``."""
        with self.changing(entry) as connection:
            connection.execute(delete(TEMPLATE_VERSION).where(_V.template == template.id))
            seen = (*same(TEMPLATE, template), _T.version == template.version)
            if not connection.execute(delete(TEMPLATE).where(*seen)).rowcount:
                raise Stale
