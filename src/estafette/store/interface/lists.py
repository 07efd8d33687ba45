"""Looking things up and paging through them, at any size. Plain calls that may wait for the disk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from estafette.model.domain import Domain
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry, Credential, SealedKey, Suppression


class Lists(Protocol):
    """One thing by its name, or a page of things; "" and None of a filter mean any."""

    def tenant(self, name: str) -> Tenant | None:
        """Return a tenant by its id or name."""
        ...

    def tenants(
        self,
        page: Page,
        *,
        within: Collection[str] | None = None,
        agencies: Collection[str] = (),
        parent: str = "",
        status: str = "",
    ) -> Paged[Tenant]:
        """Return a page of tenants, oldest first. within: only these ids and the clients of agencies."""
        ...

    def streams(self, tenants: Collection[str]) -> Sequence[Stream]:
        """Return the streams of several tenants."""
        ...

    def domains(self, page: Page, *, tenant: str = "", status: str = "") -> Paged[Domain]:
        """Return a page of domains, by name."""
        ...

    def keys(self, owners: Collection[tuple[str, str]]) -> Sequence[SealedKey]:
        """Return the keys of several (tenant, domain), oldest first."""
        ...

    def credential(self, name: str, tenant: str = "") -> Credential | None:
        """Return a credential by its id or user name."""
        ...

    def credentials(
        self, page: Page, *, tenant: str = "", stream: str = "", revoked: bool | None = None
    ) -> Paged[Credential]:
        """Return a page of credentials, oldest first."""
        ...

    def by_network(self) -> Sequence[Credential]:
        """Return the good credentials that stand for a source network."""
        ...

    def personal(self, credentials: Collection[str]) -> Collection[str]:
        """Return those of some credentials (ids) that send on a personal stream."""
        ...

    def audit(self, page: Page, *, tenant: str = "", actor: str = "", action: str = "") -> Paged[AuditEntry]:
        """Return a page of the audit, newest first. action: a whole action, or the part before its first dot."""
        ...

    def suppressions(
        self, page: Page, *, tenant: str = "", stream: str = "", address: str = "", reason: str = ""
    ) -> Paged[Suppression]:
        """Return a page of entries, by tenant, stream and address."""
        ...
