"""``Control`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, insert, select, update

from estafette.model.domain import Domain
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
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
from estafette.store.tables.access import AccessTables
from estafette.store.tables.anomalies import AnomalyTables
from estafette.store.tables.changes import read_changes, read_suppression_changes
from estafette.store.tables.complaints import ComplaintTables
from estafette.store.tables.consents import ConsentTables
from estafette.store.tables.copy import copy_to_file
from estafette.store.tables.definitions.credentials import CREDENTIAL, SUPPRESSION
from estafette.store.tables.definitions.domains import DKIM_KEY, DOMAIN
from estafette.store.tables.definitions.service import AUDIT, OPERATOR
from estafette.store.tables.definitions.tenants import STREAM, TENANT
from estafette.store.tables.engine import open_engine, place_of
from estafette.store.tables.lists import ListTables
from estafette.store.tables.logins import LoginTables
from estafette.store.tables.migrate import expect_current, migrate
from estafette.store.tables.people import PeopleTables
from estafette.store.tables.persons import PersonTables
from estafette.store.tables.plans import PlanTables
from estafette.store.tables.receipts import ReceiptTables
from estafette.store.tables.reports import ReportTables
from estafette.store.tables.reputation import ReputationTables
from estafette.store.tables.routes import RouteTables
from estafette.store.tables.rows import columns, same
from estafette.store.tables.secrets import SecretTables
from estafette.store.tables.sending import SendingTables
from estafette.store.tables.stops import StopTables
from estafette.store.tables.templates import TemplateTables
from estafette.store.tables.tickets import TicketTables
from estafette.store.tables.topics import TopicTables
from estafette.store.tables.transactions import Tables, bury, counters
from estafette.store.tables.webhooks import WebhookTables


def open_control(place: str | Path, *, upgrade: bool = False) -> ControlTables:
    """Open the control data of a ``store.url`` or of a data folder.

    ``upgrade`` migrates, else StoreFault when that is needed. ConfigFault, StoreUnavailable.
    """
    engine = open_engine(place)
    try:
        if upgrade:
            migrate(engine)
        else:
            expect_current(engine)
    except BaseException:
        engine.dispose()
        raise
    return ControlTables(engine)


class ControlTables(Tables):
    """Control data in tables; every method is one transaction. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.secrets = SecretTables(engine)
        self.lists = ListTables(engine)
        self.people = PeopleTables(engine)
        self.access = AccessTables(engine)
        self.logins = LoginTables(engine)
        self.plans = PlanTables(engine)
        self.sending = SendingTables(engine)
        self.topics = TopicTables(engine)
        self.routes = RouteTables(engine)
        self.stops = StopTables(engine)
        self.receipts = ReceiptTables(engine)
        self.persons = PersonTables(engine)
        self.templates = TemplateTables(engine)
        self.consents = ConsentTables(engine)
        self.webhooks = WebhookTables(engine)
        self.anomalies = AnomalyTables(engine)
        self.complaints = ComplaintTables(engine)
        self.reputation = ReputationTables(engine)
        self.tickets = TicketTables(engine)
        self.reports = ReportTables(engine)

    def versions(self) -> Versions:
        """See ``Control``."""
        with self.reading() as connection:
            return counters(connection)

    def changes(self, since: int) -> Changes:
        """See ``Control``."""
        with self.reading() as connection:
            return read_changes(connection, since)

    def suppression_changes(self, since: int) -> SuppressionChanges:
        """See ``Control``."""
        with self.reading() as connection:
            return read_suppression_changes(connection, since)

    def operators(self) -> Sequence[Operator]:
        """See ``Control``."""
        return self.list_rows(select(OPERATOR).order_by(OPERATOR.c.created), Operator)

    def add_operator(self, operator: Operator, entry: AuditEntry) -> None:
        """See ``Control``."""
        with self.changing(entry) as connection:
            connection.execute(insert(OPERATOR), columns(operator))

    def tenants(self) -> Sequence[Tenant]:
        """See ``Control``."""
        return self.list_rows(select(TENANT).order_by(TENANT.c.created, TENANT.c.name), Tenant)

    def add_tenant(self, tenant: Tenant, streams: Sequence[Stream], entry: AuditEntry) -> None:
        """See ``Control``."""
        with self.changing(entry) as connection:
            connection.execute(insert(TENANT), columns(tenant))
            connection.execute(insert(STREAM), [columns(stream) for stream in streams])

    def put_tenant(self, tenant: Tenant, entry: AuditEntry) -> None:
        """See ``Control``."""
        self.put(TENANT, tenant, entry)

    def streams(self, tenant: str) -> Sequence[Stream]:
        """See ``Control``."""
        return self.list_rows(select(STREAM).where(STREAM.c.tenant == tenant).order_by(STREAM.c.name), Stream)

    def put_stream(self, stream: Stream, entry: AuditEntry) -> None:
        """See ``Control``."""
        self.put(STREAM, stream, entry)

    def domains(self, *, tenant: str | None = None, name: str = "") -> Sequence[Domain]:
        """See ``Control``."""
        query = select(DOMAIN).order_by(DOMAIN.c.name, DOMAIN.c.created)
        if tenant is not None:
            query = query.where(DOMAIN.c.tenant == tenant)
        if name:
            query = query.where(DOMAIN.c.name == name)
        return self.list_rows(query, Domain)

    def add_domain(self, domain: Domain, keys: Sequence[SealedKey], entry: AuditEntry) -> None:
        """See ``Control``."""
        with self.changing(entry) as connection:
            connection.execute(insert(DOMAIN), columns(domain))
            if keys:
                connection.execute(insert(DKIM_KEY), [columns(key) for key in keys])

    def put_domain(self, domain: Domain, entry: AuditEntry | None) -> None:
        """See ``Control``."""
        self.put(DOMAIN, domain, entry)

    def keys(self, tenant: str, domain: str) -> Sequence[SealedKey]:
        """See ``Control``."""
        query = select(DKIM_KEY).where(DKIM_KEY.c.tenant == tenant, DKIM_KEY.c.domain == domain)
        return self.list_rows(query.order_by(DKIM_KEY.c.created, DKIM_KEY.c.selector), SealedKey)

    def add_keys(self, keys: Sequence[SealedKey], entry: AuditEntry) -> None:
        """See ``Control``."""
        with self.changing(entry) as connection:
            connection.execute(insert(DKIM_KEY), [columns(key) for key in keys])

    def credentials(self, tenant: str = "") -> Sequence[Credential]:
        """See ``Control``."""
        query = select(CREDENTIAL).order_by(CREDENTIAL.c.created, CREDENTIAL.c.username)
        return self.list_rows(query.where(CREDENTIAL.c.tenant == tenant) if tenant else query, Credential)

    def add_credential(self, credential: Credential, entry: AuditEntry) -> None:
        """See ``Control``."""
        with self.changing(entry) as connection:
            connection.execute(insert(CREDENTIAL), columns(credential))

    def put_credential(self, credential: Credential, entry: AuditEntry) -> None:
        """See ``Control``."""
        self.put(CREDENTIAL, credential, entry)

    def revoke_credential(self, credential: str, at: float, entry: AuditEntry) -> None:
        """See ``Control``."""
        with self.changing(entry) as connection:
            connection.execute(update(CREDENTIAL).where(CREDENTIAL.c.id == credential).values(revoked=at))

    def suppressions(self, tenant: str = "") -> Sequence[Suppression]:
        """See ``Control``."""
        query = select(SUPPRESSION).order_by(SUPPRESSION.c.tenant, SUPPRESSION.c.address)
        return self.list_rows(query.where(SUPPRESSION.c.tenant == tenant) if tenant else query, Suppression)

    def put_suppression(self, suppression: Suppression, entry: AuditEntry) -> None:
        """See ``Control``."""
        with self.changing(entry, "suppression") as connection:
            values = columns(suppression)
            if not connection.execute(
                update(SUPPRESSION).where(*same(SUPPRESSION, suppression)).values(values)
            ).rowcount:
                connection.execute(insert(SUPPRESSION), values)

    def remove_suppression(self, tenant: str, stream: str, address: str, entry: AuditEntry) -> int:
        """See ``Control``."""
        row = Suppression(tenant=tenant, stream=stream, address=address, reason="")
        with self.changing(entry, "suppression") as connection:
            return bury(connection, SUPPRESSION, *same(SUPPRESSION, row), counter="suppression")

    def audit(self, *, tenant: str = "", limit: int = 100) -> Sequence[AuditEntry]:
        """See ``Control``."""
        query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        return self.list_rows(query.where(AUDIT.c.tenant == tenant) if tenant else query, AuditEntry)

    def record(self, entry: AuditEntry) -> None:
        """See ``Control``."""
        with self.changing(entry):
            pass

    def backup(self, path: str) -> None:
        """See ``Control``. The copy is a ``control.db`` whatever the tables rest in."""
        copy_to_file(self.engine, path)

    @property
    def place(self) -> str:
        """Return where the tables are, without user and password."""
        return place_of(self.engine)

    def close(self) -> None:
        """See ``Control``."""
        self.engine.dispose()
