"""Control data as administration sees it. Plain calls that may wait for the disk: run them in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from estafette.model.domain import Domain
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.access import Access
from estafette.store.interface.anomalies import Anomalies
from estafette.store.interface.complaints import Complaints
from estafette.store.interface.consents import Consents
from estafette.store.interface.lists import Lists
from estafette.store.interface.logins import Logins
from estafette.store.interface.people import People
from estafette.store.interface.person_records import PersonRecords
from estafette.store.interface.plans import Plans
from estafette.store.interface.receipts import Receipts
from estafette.store.interface.records import (
    AuditEntry,
    Changes,
    Credential,
    Operator,
    SealedKey,
    Suppression,
    SuppressionChanges,
    Versions,
)
from estafette.store.interface.reports import Reports
from estafette.store.interface.reputation import Reputation
from estafette.store.interface.routes import Routes
from estafette.store.interface.secrets import Secrets
from estafette.store.interface.sending import Sending
from estafette.store.interface.stops import Stops
from estafette.store.interface.templates import Templates
from estafette.store.interface.tickets import Tickets
from estafette.store.interface.topics import Topics
from estafette.store.interface.webhooks import Webhooks


class Control(Protocol):
    """What a backend of control data does. Every write commits its audit entry and a new version with it."""

    @property
    def plans(self) -> Plans:
        """Plans, what is counted against them, and trust."""
        ...

    @property
    def people(self) -> People:
        """Users and what they may do where."""
        ...

    @property
    def access(self) -> Access:
        """Sessions, second factors and management keys."""
        ...

    @property
    def lists(self) -> Lists:
        """Looking things up and paging through them."""
        ...

    @property
    def logins(self) -> Logins:
        """What log-ins leave behind."""
        ...

    @property
    def sending(self) -> Sending:
        """From where tenants send, and who looks at private mail."""
        ...

    @property
    def topics(self) -> Topics:
        """What the mail of streams is about."""
        ...

    @property
    def routes(self) -> Routes:
        """Where mail that comes to domains goes."""
        ...

    @property
    def stops(self) -> Stops:
        """Entries that stop mail, at any number."""
        ...

    @property
    def receipts(self) -> Receipts:
        """Answers under idempotency keys."""
        ...

    @property
    def templates(self) -> Templates:
        """Templates and their versions."""
        ...

    @property
    def consents(self) -> Consents:
        """Who agreed to be measured."""
        ...

    @property
    def webhooks(self) -> Webhooks:
        """Endpoints of tenants, and calls to them."""
        ...

    @property
    def anomalies(self) -> Anomalies:
        """What was far from a tenant's own past."""
        ...

    @property
    def complaints(self) -> Complaints:
        """What recipients complained about."""
        ...

    @property
    def reputation(self) -> Reputation:
        """What servers said of late, and streams that are slowed."""
        ...

    @property
    def tickets(self) -> Tickets:
        """What people wrote to ``abuse@`` and ``postmaster@``."""
        ...

    @property
    def reports(self) -> Reports:
        """What receivers say of domains."""
        ...

    @property
    def persons(self) -> PersonRecords:
        """What is known of people who got mail."""
        ...

    @property
    def secrets(self) -> Secrets:
        """Sealed values of every table."""
        ...

    def versions(self) -> Versions:
        """Return the change counters."""
        ...

    def changes(self, since: int) -> Changes:
        """Return what was written after a version, as one reading; 0 = all that lets somebody in or signs."""
        ...

    def suppression_changes(self, since: int) -> SuppressionChanges:
        """Return the entries written and removed after a version; 0 = all there are."""
        ...

    def operators(self) -> Sequence[Operator]:
        """Return every operator."""
        ...

    def add_operator(self, operator: Operator, entry: AuditEntry) -> None:
        """Add one; AlreadyThere when the name is taken."""
        ...

    def tenants(self) -> Sequence[Tenant]:
        """Return every tenant, oldest first."""
        ...

    def add_tenant(self, tenant: Tenant, streams: Sequence[Stream], entry: AuditEntry) -> None:
        """Add a tenant with its streams; AlreadyThere when the name is taken."""
        ...

    def put_tenant(self, tenant: Tenant, entry: AuditEntry) -> None:
        """Write a tenant's new state."""
        ...

    def streams(self, tenant: str) -> Sequence[Stream]:
        """Return the streams of a tenant."""
        ...

    def put_stream(self, stream: Stream, entry: AuditEntry) -> None:
        """Write a stream's new state."""
        ...

    def domains(self, *, tenant: str | None = None, name: str = "") -> Sequence[Domain]:
        """Return domains, of a tenant or of all, with a name or with any."""
        ...

    def add_domain(self, domain: Domain, keys: Sequence[SealedKey], entry: AuditEntry) -> None:
        """Add a domain with its keys; AlreadyThere when the tenant has it."""
        ...

    def put_domain(self, domain: Domain, entry: AuditEntry | None) -> None:
        """Write a domain's new state; AlreadyThere when another tenant holds the name as proved."""
        ...

    def keys(self, tenant: str, domain: str) -> Sequence[SealedKey]:
        """Return the keys of a domain of a tenant, oldest first."""
        ...

    def add_keys(self, keys: Sequence[SealedKey], entry: AuditEntry) -> None:
        """Add keys to a domain, or to the service itself (tenant "")."""
        ...

    def credentials(self, tenant: str = "") -> Sequence[Credential]:
        """Return the credentials of a tenant, or all, revoked ones too."""
        ...

    def add_credential(self, credential: Credential, entry: AuditEntry) -> None:
        """Add one; AlreadyThere when the user name is taken."""
        ...

    def put_credential(self, credential: Credential, entry: AuditEntry) -> None:
        """Write a credential's new state; Stale when it changed since."""
        ...

    def revoke_credential(self, credential: str, at: float, entry: AuditEntry) -> None:
        """End a credential; it stays listed."""
        ...

    def suppressions(self, tenant: str = "") -> Sequence[Suppression]:
        """Return the entries of a tenant, or all."""
        ...

    def put_suppression(self, suppression: Suppression, entry: AuditEntry) -> None:
        """Add an entry; an existing one for the address gets the new reason."""
        ...

    def remove_suppression(self, tenant: str, stream: str, address: str, entry: AuditEntry) -> int:
        """Remove an entry; return how many there were (0 or 1)."""
        ...

    def audit(self, *, tenant: str = "", limit: int = 100) -> Sequence[AuditEntry]:
        """Return the newest entries, newest first."""
        ...

    def record(self, entry: AuditEntry) -> None:
        """Write an entry of its own."""
        ...

    def backup(self, path: str) -> None:
        """Write a consistent copy while running."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
