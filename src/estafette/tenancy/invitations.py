"""Invitations: a mailed link that makes its reader a member of a tenant."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Fault
from estafette.model.user import Invitation, Language, Membership, User
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import AlreadyThere
from estafette.tenancy import letters, passwords, users
from estafette.tenancy.office import (
    NotFound,
    Office,
    Resource,
    digest,
    listing,
    moment,
    new_id,
    new_secret,
    resource,
)
from estafette.tenancy.permissions import Actor

LASTS = 7 * 86400.0


class LinkOver(Fault):
    """The link was used, has ended, or never was."""

    code = "link_over"

    def __init__(self) -> None:
        super().__init__("this link was used already, or its time is over", place="token", fix="ask for a new one")


def create(office: Office, tenant: str, email: str, role: str, *, language: Language | None = None) -> Resource:
    """Invite somebody by mail. AlreadyThere, NotInPlan; Forbidden for a role that holds more than who invites.

    language: of the letter, and of the user that it makes; by default the tenant's.
    """
    owner, key = office.tenant(tenant), users.address(email)
    wanted = users.role_of(role)
    users.grantable(office, owner.id, wanted)
    if office.control.people.member(owner.id, key) is not None:
        raise AlreadyThere(f"{key} is a member already")
    users.seat(office, owner)
    chosen = language or office.languages(owner)[0]
    token, now = new_secret(), office.now()
    made = Invitation(
        id=new_id(), tenant=owner.id, email=key, role=wanted, token_sha256=digest(token), by=office.who.label,
        language=chosen, created=now, expires=now + LASTS,
    )  # fmt: skip
    letter = letters.linked(
        office, "invitation", (chosen,), key, f"/invitations/{token}", made.expires,
        tenant=owner.name, role=wanted, by=office.who.name,
    )  # fmt: skip
    entry = office.entry("invitation.create", tenant=owner.id, subject=key, after=made)
    office.control.people.add_invitation(made, letter, entry)
    return show(office, owner.id, made.id)


def list_all(office: Office, tenant: str, *, page: Page = FIRST) -> Resource:
    """Return a page of a tenant's invitations, oldest first."""
    found = office.control.people.invitations(page, tenant=office.tenant(tenant).id)
    return listing([_shown(office, each) for each in found.items], found.next)


def show(office: Office, tenant: str, name: str) -> Resource:
    """Return one invitation; NotFound."""
    return _shown(office, _find(office, tenant, name))


def revoke(office: Office, tenant: str, name: str) -> Resource:
    """End an invitation that was not accepted; again changes nothing."""
    before = _find(office, tenant, name)
    office.seen(before.version)
    if before.accepted is None and before.revoked is None:
        after = msgspec.structs.replace(before, revoked=office.now())
        entry = office.entry(
            "invitation.revoke", tenant=before.tenant, subject=before.email, before=before, after=after
        )
        office.control.people.put_invitation(after, entry)
    return show(office, tenant, name)


def look(office: Office, token: str) -> Resource:
    """Return what a link invites to; LinkOver. new: its reader is to choose a password."""
    found = _open(office, token)
    user = office.control.people.user(found.email)
    return {
        "tenant": office.tenant(found.tenant).name,
        "email": found.email,
        "role": found.role,
        "language": found.language,
        "new": user is None,
    }


def accept(office: Office, token: str, *, name: str = "", password: str = "") -> Resource:
    """Make the reader of the letter a member; who is new chooses a password. LinkOver, WeakPassword."""
    found = _open(office, token)
    known = office.control.people.user(found.email)
    user = _verified(office, known) if known else _made(office, found, name, password)
    now = office.now()
    membership = Membership(user=user.id, tenant=found.tenant, role=found.role, created=now)
    used = msgspec.structs.replace(found, accepted=now)
    self_acting = Actor(kind="user", id=user.id, name=user.email, address=office.who.address)
    entry = msgspec.structs.replace(office, who=self_acting).entry(
        "invitation.accept", tenant=found.tenant, subject=user.email, after=membership, detail=found.by
    )
    office.control.people.accept(used, user, membership, entry, known=known is not None)
    return {"user": user.id, "email": user.email, "tenant": found.tenant, "role": found.role}


def _open(office: Office, token: str) -> Invitation:
    found = office.control.people.invitation_by(digest(token[:100]))
    if found is None or found.accepted is not None or found.revoked is not None or found.expires <= office.now():
        raise LinkOver
    return found


def _made(office: Office, found: Invitation, name: str, password: str) -> User:
    return User(
        id=new_id(), email=found.email, name=users.named(name),
        password_hash=passwords.hashed(password, found.email, name), language=found.language,
        created=office.now(), verified=office.now(),
    )  # fmt: skip


def _verified(office: Office, user: User) -> User:
    return user if user.verified is not None else msgspec.structs.replace(user, verified=office.now())


def _find(office: Office, tenant: str, name: str) -> Invitation:
    found = office.control.people.invitation(office.tenant(tenant).id, name)
    if found is None:
        raise NotFound(f"there is no invitation {name!r}", place="invitation", fix="see GET /v1/invitations")
    return found


def _shown(office: Office, invitation: Invitation) -> Resource:
    fields = msgspec.structs.asdict(invitation)
    del fields["token_sha256"]
    over = invitation.expires <= office.now()
    status = (
        "accepted" if invitation.accepted else "revoked" if invitation.revoked else "expired" if over else "pending"
    )
    times = {name: moment(fields[name]) for name in ("created", "expires", "accepted", "revoked")}
    return resource(fields | times | {"status": status})
