"""Users of a tenant and their roles. Nobody gives, changes or takes away more than they hold themselves."""

from __future__ import annotations

from functools import partial
from itertools import compress

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import AddressError, parse_path
from estafette.model.tenant import Tenant
from estafette.model.user import Invitation, Language, Member, Membership, Role, User
from estafette.store.interface.page import FIRST, Page, Paged
from estafette.tenancy import features, passwords
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, new_id, new_secret, resource
from estafette.tenancy.permissions import ROLES, Forbidden, held, require


def create(
    office: Office, tenant: str, email: str, role: Role, *, name: str = "", language: Language | None = None
) -> Resource:
    """Make somebody a member without an invitation, operators only. A new user gets a password, shown once.

    language: by default the tenant's.
    AlreadyThere when the address is a member, NotInPlan when there is no seat for it.
    """
    require(office.who, "service")
    owner, key = office.tenant(tenant), address(email)
    if office.control.people.member(owner.id, key) is None:
        seat(office, owner)
    known = office.control.people.user(key)
    password = "" if known else new_secret()
    user = known or User(
        id=new_id(), email=key, name=named(name), password_hash=passwords.hashed(password),
        language=language or office.languages(owner)[0], created=office.now(),
    )  # fmt: skip
    membership = Membership(user=user.id, tenant=owner.id, role=role_of(role), created=office.now())
    entry = office.entry("user.create", tenant=owner.id, subject=key, after=membership)
    if known:
        office.control.people.add_membership(membership, entry)
        return show(office, owner.id, user.id)
    office.control.people.add_user(user, membership, entry)
    return show(office, owner.id, user.id) | {"password": password}


def list_all(office: Office, tenant: str = "", *, page: Page = FIRST, role: str = "", email: str = "") -> Resource:
    """Return a page of the users of a tenant, or of all users for operators; never a secret."""
    key = email.lower()
    if not tenant:
        require(office.who, "service")
        everybody = office.control.people.users(page, email=key)
        return listing([_person(each) for each in everybody.items], everybody.next)
    members = office.control.people.members(page, tenant=office.tenant(tenant).id, role=role, email=key)
    return listing([_shown(each) for each in members.items], members.next)


def show(office: Office, tenant: str, name: str) -> Resource:
    """Return one user of a tenant, by id or address; NotFound."""
    return _shown(find(office, office.tenant(tenant).id, name))


def update(office: Office, tenant: str, name: str, *, role: Role) -> Resource:
    """Give another role. Forbidden for oneself, and beyond what the one who gives holds; Stale, LastOwner."""
    member = find(office, office.tenant(tenant).id, name)
    office.seen(member.version)
    _check_own(office, member)
    grantable(office, member.tenant, member.role)
    grantable(office, member.tenant, role_of(role))
    before = _membership(member)
    after = msgspec.structs.replace(before, role=role)
    entry = office.entry("user.update", tenant=member.tenant, subject=member.email, before=before, after=after)
    office.control.people.put_membership(after, entry)
    return show(office, member.tenant, member.id)


def remove(office: Office, tenant: str, name: str) -> Resource:
    """Take a user out of a tenant, at once everywhere; LastOwner, Forbidden for whoever holds more than the remover."""
    member = find(office, office.tenant(tenant).id, name)
    if member.id != office.who.id:
        grantable(office, member.tenant, member.role)
    before = _membership(member)
    entry = office.entry("user.remove", tenant=member.tenant, subject=member.email, before=before)
    office.control.people.remove_membership(before, entry)
    return {"id": member.id, "tenant": member.tenant, "email": member.email, "removed": True}


def erase(office: Office, name: str) -> Resource:
    """Remove a user from the service with sessions and memberships, operators only; LastOwner."""
    require(office.who, "service")
    user = person(office, name)
    office.control.people.remove_user(user.id, office.entry("user.erase", subject=user.email, before=user))
    return {"id": user.id, "email": user.email, "removed": True}


def disable(office: Office, name: str) -> Resource:
    """Let nobody log in as this user any more, at once everywhere; operators only. LastOwner."""
    return _able(office, name, "user.disable", office.now())


def enable(office: Office, name: str) -> Resource:
    """Undo ``disable``."""
    return _able(office, name, "user.enable", None)


def find(office: Office, tenant: str, name: str) -> Member:
    """Return a member of a tenant id, by id or address; NotFound."""
    member = office.control.people.member(tenant, name) or office.control.people.member(tenant, name.lower())
    if member is None:
        raise NotFound(f"there is no user {name!r}", place="user", fix="see `estafette user list`")
    return member


def person(office: Office, name: str) -> User:
    """Return a user of the service, by id or address; NotFound."""
    user = office.control.people.user(name) or office.control.people.user(name.lower())
    if user is None:
        raise NotFound(f"there is no user {name!r}", place="user", fix="see `estafette user list`")
    return user


def grantable(office: Office, tenant: str, role: Role) -> None:
    """Raise Forbidden unless whoever acts holds all that a role holds."""
    if not ROLES[role] <= held(office.who, tenant) and not office.who.runs_service:
        raise Forbidden(f"{office.who.label} may not give or take the role {role}", place="role", fix="ask an owner")


def seat(office: Office, tenant: Tenant) -> None:
    """Raise NotInPlan unless one more may be a member; invitations that are open have their seats."""
    now, people = office.now(), office.control.people

    def invited(page: Page) -> Paged[Invitation]:
        found = people.invitations(page, tenant=tenant.id)
        is_open = [each.accepted is None and each.revoked is None and each.expires > now for each in found.items]
        return Paged(tuple(compress(found.items, is_open)), found.next)

    features.room(office, tenant, "users", "email", partial(people.members, tenant=tenant.id), invited)


def role_of(text: str) -> Role:
    """Return a role by its name; Fault."""
    for role in ROLES:
        if role == text:
            return role
    raise Fault(f"{text[:32]!r} is no role", place="role", fix=f"one of {', '.join(ROLES)}")


def address(text: str) -> str:
    """Return an address as users are known by; Fault."""
    try:
        found = parse_path(text)
    except AddressError as error:
        raise Fault(f"{text[:320]!r} is no address: {error}", place="email", fix="write anna@company.example") from None
    return found.key.lower()


def named(text: str) -> str:
    """Return a person's name in one line; Fault."""
    line = " ".join(text.split())
    if len(line) > 255 or not line.isprintable():
        raise Fault("a name has at most 255 printable characters", place="name", fix="shorten it")
    return line


def _able(office: Office, name: str, action: str, disabled: float | None) -> Resource:
    require(office.who, "service")
    before = person(office, name)
    after = msgspec.structs.replace(before, disabled=disabled)
    entry = office.entry(action, subject=before.email, before=before, after=after)
    office.control.people.put_user(after, entry)
    return _person(person(office, before.id))


def _check_own(office: Office, member: Member) -> None:
    if office.who.kind == "user" and office.who.id == member.id:
        raise Forbidden("nobody changes their own role", place="role", fix="ask another owner")


def _membership(member: Member) -> Membership:
    return Membership(
        user=member.id, tenant=member.tenant, role=member.role, created=member.created, version=member.version
    )


def _shown(member: Member) -> Resource:
    fields = msgspec.structs.asdict(member)
    fields["totp"] = fields.pop("totp_since") is not None
    return resource(fields | {name: moment(fields[name]) for name in ("verified", "disabled", "created")})


def _person(user: User) -> Resource:
    times = {name: moment(getattr(user, name)) for name in ("verified", "disabled", "created")}
    told = {"id": user.id, "email": user.email, "name": user.name, "totp": user.totp_since is not None}
    return told | times | {"version": user.version}
