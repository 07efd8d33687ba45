"""People and what they may do where. Plain calls that may wait for the disk: run them in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from estafette.base.errors import Fault
from estafette.model.user import Invitation, Letter, MailedLink, Member, Membership, Purpose, User
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry

#: What a user's second factor, and a letter, is sealed for; both are bound to the id of their row.
TOTP_PURPOSE = "totp"
LETTER_PURPOSE = "letter"


class LastOwner(Fault):
    """Nobody would own the account any more. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__("this is the last owner of the account", place="role", fix="make somebody else an owner first")


class People(Protocol):
    """Users, memberships, invitations and mailed links. Every write commits its audit entry with it."""

    def user(self, name: str) -> User | None:
        """Return a user by id or address (lower case)."""
        ...

    def users(self, page: Page, *, email: str = "") -> Paged[User]:
        """Return a page of users, oldest first."""
        ...

    def add_user(self, user: User, membership: Membership | None, entry: AuditEntry) -> None:
        """Add a user, with a first membership; AlreadyThere when the address is taken."""
        ...

    def put_user(self, user: User, entry: AuditEntry) -> None:
        """Write a user's new state; Stale, AlreadyThere when the address is another's, LastOwner."""
        ...

    def remove_user(self, user: str, entry: AuditEntry) -> int:
        """Remove a user with everything that is theirs; return how many there were. LastOwner."""
        ...

    def members(self, page: Page, *, tenant: str, role: str = "", email: str = "") -> Paged[Member]:
        """Return a page of the users of a tenant, oldest membership first."""
        ...

    def member(self, tenant: str, name: str) -> Member | None:
        """Return one of them, by id or address."""
        ...

    def memberships(self, user: str) -> Sequence[Membership]:
        """Return what a user may do where."""
        ...

    def add_membership(self, membership: Membership, entry: AuditEntry) -> None:
        """Make a user a member; AlreadyThere."""
        ...

    def put_membership(self, membership: Membership, entry: AuditEntry) -> None:
        """Write a role; Stale, LastOwner."""
        ...

    def remove_membership(self, membership: Membership, entry: AuditEntry) -> None:
        """Take a user out of a tenant; Stale, LastOwner."""
        ...

    def invitation(self, tenant: str, name: str) -> Invitation | None:
        """Return an invitation of a tenant, by id."""
        ...

    def invitation_by(self, digest: bytes) -> Invitation | None:
        """Return the invitation whose token has this SHA-256."""
        ...

    def invitations(self, page: Page, *, tenant: str) -> Paged[Invitation]:
        """Return a page of invitations, oldest first, used and ended ones too."""
        ...

    def add_invitation(self, invitation: Invitation, letter: Letter, entry: AuditEntry) -> None:
        """Add one with the letter that carries it."""
        ...

    def put_invitation(self, invitation: Invitation, entry: AuditEntry) -> None:
        """Write its new state; Stale."""
        ...

    def accept(
        self, invitation: Invitation, user: User, membership: Membership, entry: AuditEntry, *, known: bool
    ) -> None:
        """Use an invitation up and make its reader a member. known: the user is there already. Stale, AlreadyThere."""
        ...

    def link(self, digest: bytes, purpose: Purpose) -> MailedLink | None:
        """Return an unused link by its token's SHA-256."""
        ...

    def add_link(self, link: MailedLink, letter: Letter, entry: AuditEntry) -> None:
        """Add one with its letter; those of the same purpose for the same user end."""
        ...

    def use_link(self, link: MailedLink, user: User, entry: AuditEntry) -> None:
        """Use a link up and write the user's new state; a new password ends every session. Stale, AlreadyThere."""
        ...

    def letters(self, limit: int) -> Sequence[Letter]:
        """Return the oldest letters that wait for the queue."""
        ...

    def add_letter(self, letter: Letter) -> None:
        """Keep a letter that belongs to no other change."""
        ...

    def remove_letter(self, letter: str) -> None:
        """Forget a letter that the queue has."""
        ...
