"""``People`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, insert, or_, select, update

from estafette.model.user import Invitation, Letter, MailedLink, Member, Membership, Purpose, User
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.people import LastOwner
from estafette.store.interface.records import AuditEntry, Stale
from estafette.store.tables.definitions.people import (
    INVITATION,
    LETTER,
    MAILED_LINK,
    MEMBERSHIP,
    PERSON,
    RECOVERY_CODE,
    SESSION,
    SUBJECT,
    TOTP_STEP,
)
from estafette.store.tables.paging import read_page
from estafette.store.tables.rows import columns, read_all, same
from estafette.store.tables.transactions import Tables, bury

_P, _M = PERSON.c, MEMBERSHIP.c
_MEMBER = select(
    _M.user, _P.id, _M.tenant, _P.email, _P.name, _M.role, _P.totp_since, _P.verified, _P.disabled, _M.created,
    _M.version,
).join_from(MEMBERSHIP, PERSON, _P.id == _M.user)  # fmt: skip


class PeopleTables(Tables):
    """People in tables; every method is one transaction. Thread-safe."""

    def user(self, name: str) -> User | None:
        """See ``People``."""
        query = select(PERSON).where(or_(_P.id == name, _P.email == name))
        return None if "\0" in name else next(iter(self.list_rows(query, User)), None)

    def users(self, page: Page, *, email: str = "") -> Paged[User]:
        """See ``People``."""
        query = select(PERSON)
        if email:
            query = query.where(_P.email == email)
        with self.reading() as connection:
            return read_page(connection, query, (_P.created, _P.id), User, page)

    def add_user(self, user: User, membership: Membership | None, entry: AuditEntry) -> None:
        """See ``People``."""
        with self.changing(entry) as connection:
            connection.execute(insert(PERSON), columns(user))
            if membership is not None:
                connection.execute(insert(MEMBERSHIP), columns(membership))

    def put_user(self, user: User, entry: AuditEntry) -> None:
        """See ``People``."""
        with self.changing(entry) as connection:
            _write(connection, PERSON, user)
            if user.disabled is not None:
                for row in connection.execute(_owned(user.id)).all():
                    _still_owned(connection, row.tenant)

    def remove_user(self, user: str, entry: AuditEntry) -> int:
        """See ``People``."""
        with self.changing(entry) as connection:
            owned = [row.tenant for row in connection.execute(_owned(user))]
            for table in (MEMBERSHIP, SESSION, TOTP_STEP, RECOVERY_CODE, SUBJECT, MAILED_LINK):
                connection.execute(delete(table).where(table.c.user == user))
            for tenant in owned:
                _still_owned(connection, tenant)
            return bury(connection, PERSON, _P.id == user)

    def members(self, page: Page, *, tenant: str, role: str = "", email: str = "") -> Paged[Member]:
        """See ``People``."""
        query = _MEMBER.where(_M.tenant == tenant)
        if role:
            query = query.where(_M.role == role)
        if email:
            query = query.where(_P.email == email)
        with self.reading() as connection:
            return read_page(connection, query, (_M.created, _P.id), Member, page)

    def member(self, tenant: str, name: str) -> Member | None:
        """See ``People``."""
        query = _MEMBER.where(_M.tenant == tenant, or_(_P.id == name, _P.email == name))
        return None if "\0" in name else next(iter(self.list_rows(query, Member)), None)

    def memberships(self, user: str) -> Sequence[Membership]:
        """See ``People``."""
        return self.list_rows(select(MEMBERSHIP).where(_M.user == user).order_by(_M.created, _M.tenant), Membership)

    def add_membership(self, membership: Membership, entry: AuditEntry) -> None:
        """See ``People``."""
        with self.changing(entry) as connection:
            connection.execute(insert(MEMBERSHIP), columns(membership))

    def put_membership(self, membership: Membership, entry: AuditEntry) -> None:
        """See ``People``."""
        with self.changing(entry) as connection:
            was = connection.execute(select(_M.role).where(*same(MEMBERSHIP, membership))).scalar()
            _write(connection, MEMBERSHIP, membership)
            if was == "owner" != membership.role:
                _still_owned(connection, membership.tenant)

    def remove_membership(self, membership: Membership, entry: AuditEntry) -> None:
        """See ``People``."""
        with self.changing(entry) as connection:
            versioned = [*same(MEMBERSHIP, membership), _M.version == membership.version]
            if not bury(connection, MEMBERSHIP, *versioned):
                raise Stale
            if membership.role == "owner":
                _still_owned(connection, membership.tenant)

    def invitation(self, tenant: str, name: str) -> Invitation | None:
        """See ``People``."""
        if "\0" in name:
            return None
        return self._invitation(select(INVITATION).where(INVITATION.c.id == name, INVITATION.c.tenant == tenant))

    def invitation_by(self, digest: bytes) -> Invitation | None:
        """See ``People``."""
        return self._invitation(select(INVITATION).where(INVITATION.c.token_sha256 == digest))

    def invitations(self, page: Page, *, tenant: str) -> Paged[Invitation]:
        """See ``People``."""
        query = select(INVITATION).where(INVITATION.c.tenant == tenant)
        with self.reading() as connection:
            return read_page(connection, query, (INVITATION.c.created, INVITATION.c.id), Invitation, page)

    def add_invitation(self, invitation: Invitation, letter: Letter, entry: AuditEntry) -> None:
        """See ``People``."""
        with self.changing(entry) as connection:
            connection.execute(insert(INVITATION), columns(invitation))
            connection.execute(insert(LETTER), columns(letter))

    def put_invitation(self, invitation: Invitation, entry: AuditEntry) -> None:
        """See ``People``."""
        self.put(INVITATION, invitation, entry)

    def accept(
        self, invitation: Invitation, user: User, membership: Membership, entry: AuditEntry, *, known: bool
    ) -> None:
        """See ``People``."""
        with self.changing(entry) as connection:
            _write(connection, INVITATION, invitation)
            if known:
                _write(connection, PERSON, user)
            else:
                connection.execute(insert(PERSON), columns(user))
            connection.execute(insert(MEMBERSHIP), columns(membership))

    def link(self, digest: bytes, purpose: Purpose) -> MailedLink | None:
        """See ``People``."""
        query = select(MAILED_LINK).where(MAILED_LINK.c.token_sha256 == digest, MAILED_LINK.c.purpose == purpose)
        return next(iter(self.list_rows(query, MailedLink)), None)

    def add_link(self, link: MailedLink, letter: Letter, entry: AuditEntry) -> None:
        """See ``People``."""
        with self.changing(entry) as connection:
            _forget_links(connection, link)
            connection.execute(insert(MAILED_LINK), columns(link))
            connection.execute(insert(LETTER), columns(letter))

    def use_link(self, link: MailedLink, user: User, entry: AuditEntry) -> None:
        """See ``People``."""
        with self.changing(entry) as connection:
            if not connection.execute(delete(MAILED_LINK).where(*same(MAILED_LINK, link))).rowcount:
                raise Stale
            _forget_links(connection, link)
            _write(connection, PERSON, user)
            if link.purpose == "reset":
                mine = update(SESSION).where(SESSION.c.user == user.id, SESSION.c.revoked.is_(None))
                connection.execute(mine.values(revoked=entry.at))

    def letters(self, limit: int) -> Sequence[Letter]:
        """See ``People``."""
        return self.list_rows(select(LETTER).order_by(LETTER.c.created, LETTER.c.id).limit(limit), Letter)

    def add_letter(self, letter: Letter) -> None:
        """See ``People``."""
        with self.counting() as connection:
            connection.execute(insert(LETTER), columns(letter))

    def remove_letter(self, letter: str) -> None:
        """See ``People``."""
        with self.counting() as connection:
            connection.execute(delete(LETTER).where(LETTER.c.id == letter))

    def _invitation(self, query: Select[Any]) -> Invitation | None:
        with self.reading() as connection:
            return next(iter(read_all(connection, query, Invitation)), None)


def _owned(user: str) -> Select[Any]:
    return select(_M.tenant).where(_M.user == user, _M.role == "owner")


def _write(connection: Connection, table: Table, row: User | Membership | Invitation) -> None:
    found = [*same(table, row), table.c.version == row.version]
    if not connection.execute(update(table).where(*found).values(columns(row))).rowcount:
        raise Stale


def _still_owned(connection: Connection, tenant: str) -> None:
    """LastOwner unless somebody who can log in owns the tenant; the counter's row keeps two removals apart."""
    owners = select(func.count()).select_from(MEMBERSHIP).join(PERSON, _P.id == _M.user)
    able = owners.where(_M.tenant == tenant, _M.role == "owner", _P.disabled.is_(None))
    if not connection.execute(able).scalar_one():
        raise LastOwner


def _forget_links(connection: Connection, link: MailedLink) -> None:
    alike = (MAILED_LINK.c.user == link.user, MAILED_LINK.c.purpose == link.purpose)
    connection.execute(delete(MAILED_LINK).where(*alike))
