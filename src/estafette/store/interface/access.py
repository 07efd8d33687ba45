"""How people and programs of a tenant get in: sessions, second factors, OIDC subjects, management keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from estafette.model.user import ManagementKey, Membership, Session, User
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry, Operator


class LoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a session's token stands for, read at once."""

    session: Session
    user: User
    memberships: Sequence[Membership]


class OperatorLoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What the token of an operator's session stands for."""

    session: Session
    operator: Operator


class Access(Protocol):
    """Sessions of operators are apart from those of people: ``operators`` says which are meant.

    Read from the tables at every call, so that an end takes effect at once in every process.
    """

    def session_by(self, digest: bytes) -> LoggedIn | None:
        """Return the session whose token has this SHA-256, ended ones too."""
        ...

    def operator_session_by(self, digest: bytes) -> OperatorLoggedIn | None:
        """Return the session of an operator whose token has this SHA-256, ended ones too."""
        ...

    def sessions(
        self, page: Page, *, user: str, good_at: float | None = None, operators: bool = False
    ) -> Paged[Session]:
        """Return a page of a user's sessions, oldest first. good_at: only those that last at that moment."""
        ...

    def add_session(self, session: Session, entry: AuditEntry, *, operators: bool = False) -> None:
        """Add one; the user's sessions that ended a month ago are forgotten."""
        ...

    def end_sessions(
        self, user: str, at: float, entry: AuditEntry, *, only: str = "", but: str = "", operators: bool = False
    ) -> int:
        """End a user's sessions, one by id, all, or all ``but`` one; Stale when that one is over."""
        ...

    def seen(self, session: str, at: float, address: str, *, operators: bool = False) -> None:
        """Note a session's last use; steps no counter."""
        ...

    def take_step(self, user: str, step: int) -> bool:
        """Use the code of a time step up; False when that or a later one was used before."""
        ...

    def put_factor(self, user: User, codes: Sequence[bytes], entry: AuditEntry) -> None:
        """Write a user's second factor with the digests of its recovery codes, which replace those before. Stale."""
        ...

    def take_recovery(self, user: str, digest: bytes, entry: AuditEntry) -> bool:
        """Use a recovery code up; False when it is none, and nothing was written."""
        ...

    def subject(self, issuer: str, subject: str) -> str | None:
        """Return the id of the user who is known to a provider by a subject."""
        ...

    def add_subject(self, issuer: str, subject: str, user: str, entry: AuditEntry) -> None:
        """Remember who a provider's subject is; AlreadyThere."""
        ...

    def key(self, name: str, tenant: str = "") -> ManagementKey | None:
        """Return a management key by id, of one tenant when given."""
        ...

    def key_by(self, digest: bytes) -> ManagementKey | None:
        """Return the management key with this SHA-256, ended ones too."""
        ...

    def keys(self, page: Page, *, tenant: str = "", revoked: bool | None = None) -> Paged[ManagementKey]:
        """Return a page of management keys, oldest first."""
        ...

    def add_key(self, key: ManagementKey, entry: AuditEntry) -> None:
        """Add one."""
        ...

    def put_key(self, key: ManagementKey, entry: AuditEntry) -> None:
        """Write its new state; Stale."""
        ...
