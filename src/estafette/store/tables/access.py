"""``Access`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, delete, insert, select, update

from estafette.model.user import ManagementKey, Membership, Session, User
from estafette.store.interface.access import LoggedIn, OperatorLoggedIn
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry, Operator, Stale
from estafette.store.tables.definitions.people import (
    MANAGEMENT_KEY,
    MEMBERSHIP,
    PERSON,
    RECOVERY_CODE,
    SESSION,
    SUBJECT,
    TOTP_STEP,
)
from estafette.store.tables.definitions.service import AUDIT, OPERATOR, OPERATOR_SESSION
from estafette.store.tables.paging import read_page
from estafette.store.tables.rows import columns, read_all, same
from estafette.store.tables.transactions import Tables

#: Seconds for which a session that is over stays listed.
REMEMBERED = 30 * 86400.0
_K = MANAGEMENT_KEY.c


class AccessTables(Tables):
    """Sessions, factors and keys in tables; every method is one transaction. Thread-safe."""

    def session_by(self, digest: bytes) -> LoggedIn | None:
        """See ``Access``."""
        with self.reading() as connection:
            sessions = read_all(connection, select(SESSION).where(SESSION.c.token_sha256 == digest), Session)
            if not sessions:
                return None
            (user,) = read_all(connection, select(PERSON).where(PERSON.c.id == sessions[0].user), User)
            held = select(MEMBERSHIP).where(MEMBERSHIP.c.user == user.id)
            return LoggedIn(session=sessions[0], user=user, memberships=read_all(connection, held, Membership))

    def operator_session_by(self, digest: bytes) -> OperatorLoggedIn | None:
        """See ``Access``."""
        table = OPERATOR_SESSION
        with self.reading() as connection:
            sessions = read_all(connection, select(table).where(table.c.token_sha256 == digest), Session)
            if not sessions:
                return None
            (operator,) = read_all(connection, select(OPERATOR).where(OPERATOR.c.id == sessions[0].user), Operator)
            return OperatorLoggedIn(session=sessions[0], operator=operator)

    def sessions(
        self, page: Page, *, user: str, good_at: float | None = None, operators: bool = False
    ) -> Paged[Session]:
        """See ``Access``."""
        table = _sessions(operators)
        query = select(table).where(table.c.user == user)
        if good_at is not None:
            query = query.where(table.c.revoked.is_(None), table.c.expires > good_at)
        with self.reading() as connection:
            return read_page(connection, query, (table.c.created, table.c.id), Session, page)

    def add_session(self, session: Session, entry: AuditEntry, *, operators: bool = False) -> None:
        """See ``Access``."""
        table = _sessions(operators)
        over = table.c.expires < session.created - REMEMBERED
        with self.changing(entry) as connection:
            connection.execute(delete(table).where(table.c.user == session.user, over))
            connection.execute(insert(table), columns(session))

    def end_sessions(
        self, user: str, at: float, entry: AuditEntry, *, only: str = "", but: str = "", operators: bool = False
    ) -> int:
        """See ``Access``."""
        table = _sessions(operators)
        mine = update(table).where(table.c.user == user, table.c.revoked.is_(None), table.c.expires > at)
        if only:
            mine = mine.where(table.c.id == only)
        if but:
            mine = mine.where(table.c.id != but)
        with self.changing(entry) as connection:
            ended = connection.execute(mine.values(revoked=at)).rowcount
            if only and not ended:
                raise Stale
            return ended

    def seen(self, session: str, at: float, address: str, *, operators: bool = False) -> None:
        """See ``Access``."""
        table = _sessions(operators)
        with self.counting() as connection:
            connection.execute(update(table).where(table.c.id == session).values(seen=at, address=address))

    def take_step(self, user: str, step: int) -> bool:
        """See ``Access``."""
        table = TOTP_STEP
        with self.counting() as connection:
            later = update(table).where(table.c.user == user, table.c.step < step).values(step=step)
            if connection.execute(later).rowcount:
                return True
            if connection.execute(select(table.c.step).where(table.c.user == user)).first() is not None:
                return False
            connection.execute(insert(table), {"user": user, "step": step})
            return True

    def put_factor(self, user: User, codes: Sequence[bytes], entry: AuditEntry) -> None:
        """See ``Access``."""
        with self.changing(entry) as connection:
            found = [*same(PERSON, user), PERSON.c.version == user.version]
            if not connection.execute(update(PERSON).where(*found).values(columns(user))).rowcount:
                raise Stale
            connection.execute(delete(RECOVERY_CODE).where(RECOVERY_CODE.c.user == user.id))
            if codes:
                connection.execute(insert(RECOVERY_CODE), [{"user": user.id, "code_sha256": code} for code in codes])

    def take_recovery(self, user: str, digest: bytes, entry: AuditEntry) -> bool:
        """See ``Access``."""
        table = RECOVERY_CODE
        with self.counting() as connection:
            spent = delete(table).where(table.c.user == user, table.c.code_sha256 == digest)
            if not connection.execute(spent).rowcount:
                return False
            connection.execute(insert(AUDIT), columns(entry))
            return True

    def subject(self, issuer: str, subject: str) -> str | None:
        """See ``Access``."""
        query = select(SUBJECT.c.user).where(SUBJECT.c.issuer == issuer, SUBJECT.c.subject == subject)
        with self.reading() as connection:
            return connection.execute(query).scalar()

    def add_subject(self, issuer: str, subject: str, user: str, entry: AuditEntry) -> None:
        """See ``Access``."""
        with self.changing(entry) as connection:
            connection.execute(insert(SUBJECT), {"issuer": issuer, "subject": subject, "user": user})

    def key(self, name: str, tenant: str = "") -> ManagementKey | None:
        """See ``Access``."""
        query = select(MANAGEMENT_KEY).where(_K.id == name)
        return None if "\0" in name else self._key(query.where(_K.tenant == tenant) if tenant else query)

    def key_by(self, digest: bytes) -> ManagementKey | None:
        """See ``Access``."""
        return self._key(select(MANAGEMENT_KEY).where(_K.key_sha256 == digest))

    def keys(self, page: Page, *, tenant: str = "", revoked: bool | None = None) -> Paged[ManagementKey]:
        """See ``Access``."""
        query = select(MANAGEMENT_KEY)
        if tenant:
            query = query.where(_K.tenant == tenant)
        if revoked is not None:
            query = query.where(_K.revoked.is_not(None) if revoked else _K.revoked.is_(None))
        with self.reading() as connection:
            return read_page(connection, query, (_K.created, _K.id), ManagementKey, page)

    def add_key(self, key: ManagementKey, entry: AuditEntry) -> None:
        """See ``Access``."""
        with self.changing(entry) as connection:
            connection.execute(insert(MANAGEMENT_KEY), columns(key))

    def put_key(self, key: ManagementKey, entry: AuditEntry) -> None:
        """See ``Access``."""
        self.put(MANAGEMENT_KEY, key, entry)

    def _key(self, query: Select[Any]) -> ManagementKey | None:
        return next(iter(self.list_rows(query, ManagementKey)), None)


def _sessions(operators: bool) -> Table:
    return OPERATOR_SESSION if operators else SESSION
