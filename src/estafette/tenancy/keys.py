"""Management keys: what programs of a tenant administer with. A key may at most what its maker may."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from estafette.base.errors import Fault
from estafette.model.user import ManagementKey
from estafette.store.interface.logins import LastUse
from estafette.store.interface.page import FIRST, Page
from estafette.tenancy import bounds, features, users
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
from estafette.tenancy.permissions import ROLES, Actor, Forbidden, held

PREFIX = "esk_"
#: What keys are made for: mail is sent with credentials, and other people's letters are read by persons alone.
SCOPES = ROLES["owner"] - {"send", "break_glass"}
#: What a test key may do at most: the credentials that it makes reach its recipients only; with more it would get out.
OF_TEST_KEYS = frozenset({"read", "credentials"})


def create(
    office: Office,
    tenant: str,
    *,
    name: str = "",
    scopes: Sequence[str],
    only_from: Sequence[str] = (),
    expires: str = "",
    recipients: Sequence[str] = (),
) -> Resource:
    """Make a key; the answer holds ``key``, shown once. Forbidden for scopes that the maker does not hold, NotInPlan.

    only_from: CIDR ranges it may call from. expires: RFC 3339. recipients: whom alone mail of its credentials reaches
    (a test key).
    """
    owner = office.tenant(tenant)
    held_now = partial(office.control.access.keys, tenant=owner.id, revoked=False)
    features.room(office, owner, "management-keys", "name", held_now)
    secret = f"{PREFIX}{new_secret()}"
    made = ManagementKey(
        id=new_id(),
        tenant=owner.id,
        name=users.named(name),
        key_sha256=digest(secret),
        scopes=_scopes(office, owner.id, scopes, test=bool(recipients)),
        only_from=tuple(dict.fromkeys(bounds.network(text, "only_from") for text in only_from)),
        recipients=bounds.reached(recipients),
        by=office.who.label,
        created=office.now(),
        expires=bounds.until(office, expires),
    )
    entry = office.entry("key.create", tenant=owner.id, subject=made.name or made.id, after=made)
    office.control.access.add_key(made, entry)
    return show(office, owner.id, made.id) | {"key": secret}


def list_all(office: Office, tenant: str = "", *, page: Page = FIRST, revoked: bool | None = None) -> Resource:
    """Return a page of the keys of a tenant, or of all, oldest first."""
    owner = office.tenant(tenant).id if tenant else ""
    found = office.control.access.keys(page, tenant=owner, revoked=revoked)
    uses = office.control.logins.last_uses([each.id for each in found.items])
    return listing([_shown(each, uses.get(each.id)) for each in found.items], found.next)


def show(office: Office, tenant: str, name: str) -> Resource:
    """Return one key by id, without its secret; NotFound."""
    key = find(office, tenant, name)
    return _shown(key, office.control.logins.last_uses([key.id]).get(key.id))


def revoke(office: Office, tenant: str, name: str) -> Resource:
    """End a key, at once everywhere; again changes nothing."""
    before = find(office, tenant, name)
    if before.revoked is None:
        office.seen(before.version)
        after = msgspec.structs.replace(before, revoked=office.now())
        subject = before.name or before.id
        entry = office.entry("key.revoke", tenant=before.tenant, subject=subject, before=before, after=after)
        office.control.access.put_key(after, entry)
    return show(office, tenant, name)


def by_token(office: Office, token: str, address: str) -> Actor | None:
    """Return the actor that a key is, None when it is over or calls from elsewhere."""
    key = office.control.access.key_by(digest(token))
    if key is None or key.revoked is not None or (key.expires is not None and key.expires <= office.now()):
        return None
    if key.only_from and not bounds.within(key.only_from, address):
        return None
    return Actor(
        kind="key", id=key.id, name=key.name or key.id, roles={key.tenant: "owner"}, scopes=frozenset(key.scopes),
        address=address, recipients=key.recipients,
    )  # fmt: skip


def find(office: Office, tenant: str, name: str) -> ManagementKey:
    """Return a key by id, of one tenant when given; NotFound."""
    found = office.control.access.key(name, office.tenant(tenant).id if tenant else "")
    if found is None:
        raise NotFound(f"there is no key {name!r}", place="key", fix="see `estafette key list`")
    return found


def _scopes(office: Office, tenant: str, texts: Sequence[str], *, test: bool) -> tuple[str, ...]:
    if office.who.kind not in {"user", "operator", "cli"}:
        raise Forbidden("a key does not make keys", place="scopes", fix="log in as a user")
    wanted = tuple(sorted(set(texts)))
    if not wanted or not set(wanted) <= SCOPES:
        raise Fault("a key has scopes", place="scopes", fix=f"choose from {', '.join(sorted(SCOPES))}")
    if not office.who.runs_service and not set(wanted) <= held(office.who, tenant):
        raise Forbidden("a key may not do more than its maker", place="scopes", fix="ask an owner of the account")
    if test and not set(wanted) <= OF_TEST_KEYS:
        raise Fault("a key with recipients reads and makes credentials", place="scopes", fix="read, credentials")
    return wanted


def _shown(key: ManagementKey, use: LastUse | None) -> Resource:
    fields = msgspec.structs.asdict(key)
    del fields["key_sha256"]
    times = {name: moment(fields[name]) for name in ("created", "expires", "revoked")}
    last = {"last_used": moment(use.at) if use else None, "last_address": use.address if use else ""}
    return resource(fields | times | last)
