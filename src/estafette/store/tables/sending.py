"""``Sending`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, Table, func, insert, literal, or_, select, tuple_, update

from estafette.model.domain import Domain
from estafette.model.look import Look
from estafette.model.sender import Sender
from estafette.model.stream import Stream
from estafette.model.user import Letter
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry, SealedKey, Stale
from estafette.store.interface.sending import InUse, Label, Move
from estafette.store.tables.definitions.credentials import CREDENTIAL, SUPPRESSION
from estafette.store.tables.definitions.domains import DKIM_KEY, DOMAIN, LABEL, LOOK, SENDER
from estafette.store.tables.definitions.metadata import current
from estafette.store.tables.definitions.people import LETTER
from estafette.store.tables.definitions.routes import ROUTE
from estafette.store.tables.definitions.service import AUDIT
from estafette.store.tables.definitions.tenants import STREAM
from estafette.store.tables.definitions.topics import TOPIC
from estafette.store.tables.paging import read_page
from estafette.store.tables.rows import columns, same
from estafette.store.tables.transactions import Row, Tables, bury


class SendingTables(Tables):
    """Every method is one transaction."""

    def add_stream(self, stream: Stream, entry: AuditEntry) -> None:
        """See ``Sending``."""
        with self.changing(entry) as connection:
            connection.execute(insert(STREAM), columns(stream))

    def remove_stream(self, stream: Stream, entry: AuditEntry) -> None:
        """See ``Sending``."""
        using = select(func.count()).select_from(CREDENTIAL)
        using = using.where(CREDENTIAL.c.tenant == stream.tenant, CREDENTIAL.c.stream == stream.name)
        wide = stream.suppression == "tenant"
        with self.changing(entry, *(("control", "suppression") if wide else ())) as connection:
            count = connection.execute(using.where(CREDENTIAL.c.revoked.is_(None))).scalar_one()
            if count:
                raise InUse(
                    f"{count} credentials send on the stream {stream.name}", place="stream", fix="move or revoke them"
                )
            if not bury(connection, STREAM, *same(STREAM, stream)):
                raise Stale
            bury(connection, TOPIC, TOPIC.c.tenant == stream.tenant, TOPIC.c.stream == stream.name)
            if wide:
                _widen(connection, stream)

    def domain(self, name: str, tenant: str = "") -> Sequence[Domain]:
        """See ``Sending``."""
        query = select(DOMAIN).where(or_(DOMAIN.c.id == name, DOMAIN.c.name == name)).order_by(DOMAIN.c.created)
        return self.list_rows(query.where(DOMAIN.c.tenant == tenant) if tenant else query, Domain)

    def remove_domain(self, domain: Domain, entry: AuditEntry) -> None:
        """See ``Sending``."""
        with self.changing(entry) as connection:
            bury(connection, DKIM_KEY, DKIM_KEY.c.tenant == domain.tenant, DKIM_KEY.c.domain == domain.name)
            bury(connection, ROUTE, ROUTE.c.tenant == domain.tenant, ROUTE.c.domain == domain.name)
            if not bury(connection, DOMAIN, DOMAIN.c.id == domain.id):
                raise Stale

    def unchecked(self, before: float, limit: int) -> Sequence[Domain]:
        """See ``Sending``."""
        query = select(DOMAIN).where(DOMAIN.c.checked < before, DOMAIN.c.status.in_(("verified", "warning")))
        return self.list_rows(query.order_by(DOMAIN.c.checked).limit(limit), Domain)

    def note_check(
        self,
        before: Domain,
        after: Domain,
        keys: Sequence[SealedKey],
        entry: AuditEntry | None,
        letters: Sequence[Letter],
    ) -> None:
        """See ``Sending``."""
        with self.changing(entry) as connection:
            _write(connection, DOMAIN, after, before.version)
            for key in keys:
                _write(connection, DKIM_KEY, key)
            _owe(connection, letters)

    def move(self, move: Move) -> None:
        """See ``Sending``."""
        with self.changing(move.won) as connection:
            # The loser first: two proved owners of a name at once are more than the index allows.
            _write(connection, DOMAIN, move.loser)
            _write(connection, DOMAIN, move.winner)
            connection.execute(insert(AUDIT), columns(move.lost))
            _owe(connection, move.letters)

    def put_keys(self, new: Sequence[SealedKey], changed: Sequence[SealedKey], entry: AuditEntry) -> None:
        """See ``Sending``."""
        with self.changing(entry) as connection:
            if new:
                connection.execute(insert(DKIM_KEY), [columns(key) for key in new])
            for key in changed:
                _write(connection, DKIM_KEY, key, key.version)

    def keys(self, owners: Collection[tuple[str, str]]) -> Sequence[SealedKey]:
        """See ``Sending``."""
        query = select(DKIM_KEY).where(tuple_(DKIM_KEY.c.tenant, DKIM_KEY.c.domain).in_(list(owners)))
        return self.list_rows(query.order_by(DKIM_KEY.c.created, DKIM_KEY.c.selector), SealedKey)

    def keys_in(self, stage: str, before: float) -> Sequence[SealedKey]:
        """See ``Sending``."""
        query = select(DKIM_KEY).where(DKIM_KEY.c.stage == stage, DKIM_KEY.c.since < before, DKIM_KEY.c.tenant != "")
        return self.list_rows(query.order_by(DKIM_KEY.c.since), SealedKey)

    def add_label(self, label: Label) -> None:
        """See ``Sending``."""
        with self.counting() as connection:
            connection.execute(insert(LABEL), columns(label))

    def labels(self) -> Sequence[Label]:
        """See ``Sending``."""
        return self.list_rows(select(LABEL).order_by(LABEL.c.created, LABEL.c.label), Label)

    def sender(self, name: str, tenant: str) -> Sender | None:
        """See ``Sending``."""
        query = select(SENDER).where(SENDER.c.tenant == tenant, or_(SENDER.c.id == name, SENDER.c.address == name))
        return next(iter(self.list_rows(query, Sender)), None)

    def sender_by(self, digest: bytes) -> Sender | None:
        """See ``Sending``."""
        return next(iter(self.list_rows(select(SENDER).where(SENDER.c.token_sha256 == digest), Sender)), None)

    def senders(self, page: Page, *, tenant: str = "", status: str = "") -> Paged[Sender]:
        """See ``Sending``."""
        query = select(SENDER)
        if tenant:
            query = query.where(SENDER.c.tenant == tenant)
        if status:
            query = query.where(SENDER.c.status == status)
        with self.reading() as connection:
            return read_page(connection, query, (SENDER.c.created, SENDER.c.id), Sender, page)

    def add_sender(self, sender: Sender, letter: Letter, entry: AuditEntry) -> None:
        """See ``Sending``."""
        with self.changing(entry) as connection:
            connection.execute(insert(SENDER), columns(sender))
            _owe(connection, (letter,))

    def put_sender(self, sender: Sender, entry: AuditEntry, letter: Letter | None = None) -> None:
        """See ``Sending``."""
        with self.changing(entry) as connection:
            _write(connection, SENDER, sender, sender.version)
            _owe(connection, (letter,) if letter else ())

    def remove_sender(self, sender: Sender, entry: AuditEntry) -> None:
        """See ``Sending``."""
        with self.changing(entry) as connection:
            if not bury(connection, SENDER, SENDER.c.id == sender.id):
                raise Stale

    def looks(self, tenant: str, *, open_at: float | None = None) -> Sequence[Look]:
        """See ``Sending``."""
        query = select(LOOK).where(LOOK.c.tenant == tenant).order_by(LOOK.c.created.desc(), LOOK.c.id).limit(1000)
        return self.list_rows(query if open_at is None else query.where(LOOK.c.until > open_at), Look)

    def look(self, name: str, tenant: str) -> Look | None:
        """See ``Sending``."""
        query = select(LOOK).where(LOOK.c.id == name, LOOK.c.tenant == tenant)
        return next(iter(self.list_rows(query, Look)), None)

    def add_look(self, look: Look, letter: Letter | None, entry: AuditEntry) -> None:
        """See ``Sending``."""
        with self.changing(entry) as connection:
            connection.execute(insert(LOOK), columns(look))
            _owe(connection, (letter,) if letter else ())

    def put_look(self, look: Look, entry: AuditEntry) -> None:
        """See ``Sending``."""
        self.put(LOOK, look, entry)


def _write(connection: Connection, table: Table, row: Row, version: int = 0) -> None:
    """Write a row's new state; Stale when it is gone, or no longer of a version (0 = any)."""
    conditions = same(table, row)
    if version:
        conditions.append(table.c.version == version)
    if not connection.execute(update(table).where(*conditions).values(columns(row))).rowcount:
        raise Stale


def _owe(connection: Connection, letters: Sequence[Letter]) -> None:
    if letters:
        connection.execute(insert(LETTER), [columns(letter) for letter in letters])


def _widen(connection: Connection, stream: Stream) -> None:
    """Make the suppressions of a stream the tenant's, inside ``changing`` of their counter."""
    table = SUPPRESSION.c
    mine = (table.tenant == stream.tenant, table.stream == stream.name)
    other = SUPPRESSION.alias()
    known = select(other.c.address).where(other.c.tenant == stream.tenant, other.c.stream == "")
    version = current("suppression")
    kept = ["address", "reason", "created", "expires", "event", "message", "reply", "observed"]
    fresh = select(table.tenant, literal(""), *(table[name] for name in kept), version)
    into = ["tenant", "stream", *kept, "version"]
    fresh = fresh.where(*mine, table.address.not_in(known))
    connection.execute(insert(SUPPRESSION).from_select(into, fresh, include_defaults=False))
    bury(connection, SUPPRESSION, *mine, counter="suppression")
