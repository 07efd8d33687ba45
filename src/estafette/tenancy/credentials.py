"""Credentials: what lets an employee or an application in. Secrets are made here and shown once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import AddressError, parse_path
from estafette.store.interface.logins import LastUse
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import Credential
from estafette.tenancy import bounds, features, streams
from estafette.tenancy.bounds import Bounds
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

_PLAIN = re.compile(r"[^a-z0-9]+")


class Revoked(Fault):
    """The credential has ended; nothing brings it back."""

    code = "revoked"


def create(
    office: Office,
    tenant: str,
    *,
    name: str = "",
    username: str = "",
    stream: str = "transactional",
    senders: Sequence[str] = (),
    networks: Sequence[str] = (),
    limits: Bounds | None = None,
) -> Resource:
    """Make a credential; the answer holds ``username``, ``password`` and ``api_key``.

    username: an address of a verified domain of the tenant, else one is made up; no two are alike in the service.
    senders: addresses or domains, each within a domain of the tenant or a verified single address; none = all of them.
    networks: CIDR ranges whose clients need no password.

    Fault names what is wrong, AlreadyThere a user name taken; NotInPlan when the plan allows no more.
    """
    owner = office.tenant(tenant)
    streams.find(office, owner.id, stream)
    held = partial(office.control.lists.credentials, tenant=owner.id, revoked=False)
    features.room(office, owner, "credentials", "name", held)
    password, api_key = new_secret(), f"est_{new_secret()}"
    credential = Credential(
        id=new_id(),
        tenant=owner.id,
        name=_name(name),
        username=_username(office, owner.id, username) if username else _made_up(name or owner.name),
        stream=stream,
        password_sha256=digest(password),
        api_key_sha256=digest(api_key),
        senders=_senders(office, owner.id, senders),
        networks=_networks(office, networks),
        created=office.now(),
    )
    credential = bounds.confined(office, bounds.apply(office, credential, limits), made=True)
    entry = office.entry("credential.create", tenant=owner.id, subject=credential.username, after=credential)
    office.control.add_credential(credential, entry)
    return show(office, credential.id) | {"password": password, "api_key": api_key}


def list_all(
    office: Office, tenant: str = "", *, page: Page = FIRST, stream: str = "", revoked: bool | None = None
) -> Resource:
    """Return a page of the credentials of a tenant, or of all, oldest first."""
    owner = office.tenant(tenant).id if tenant else ""
    found = office.control.lists.credentials(page, tenant=owner, stream=stream, revoked=revoked)
    uses = office.control.logins.last_uses([each.id for each in found.items])
    return listing([_shown(each, uses.get(each.id)) for each in found.items], found.next)


def show(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Return one credential by id or user name, without secrets."""
    credential = find(office, name, tenant)
    return _shown(credential, office.control.logins.last_uses([credential.id]).get(credential.id))


def update(
    office: Office,
    name: str,
    *,
    tenant: str = "",
    new_name: str | None = None,
    stream: str | None = None,
    senders: Sequence[str] | None = None,
    networks: Sequence[str] | None = None,
    limits: Bounds | None = None,
) -> Resource:
    """Change what is given, leave the rest; a limit below 0 is lifted. Revoked, Stale, Fault."""
    before = _good(office, name, tenant)
    if stream is not None:
        streams.find(office, before.tenant, stream)
    wanted = {
        "name": None if new_name is None else _name(new_name),
        "stream": stream,
        "senders": None if senders is None else _senders(office, before.tenant, senders),
        "networks": None if networks is None else _networks(office, networks, before.id),
    }
    given = {field: value for field, value in wanted.items() if value is not None}
    after = bounds.confined(office, bounds.apply(office, msgspec.structs.replace(before, **given), limits))
    return _put(office, before, after, "credential.update")


def rotate(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Give a credential a new password and API key, shown once; the old ones end within five seconds."""
    before = _good(office, name, tenant)
    password, api_key = new_secret(), f"est_{new_secret()}"
    after = msgspec.structs.replace(before, password_sha256=digest(password), api_key_sha256=digest(api_key))
    return _put(office, before, after, "credential.rotate") | {"password": password, "api_key": api_key}


def revoke(office: Office, name: str, *, tenant: str = "") -> Resource:
    """End a credential; sessions notice within five seconds. Once is enough: again changes nothing."""
    before = find(office, name, tenant)
    if before.revoked is not None:
        return show(office, before.id)
    return _put(office, before, msgspec.structs.replace(before, revoked=office.now()), "credential.revoke")


def find(office: Office, name: str, tenant: str = "") -> Credential:
    """Return a credential by id or user name, of one tenant when given; NotFound."""
    owner = office.tenant(tenant).id if tenant else ""
    found = office.control.lists.credential(name, owner)
    if found is None and "@" in name:
        found = office.control.lists.credential(name.lower(), owner)
    if found is None:
        raise NotFound(f"there is no credential {name!r}", place="NAME", fix="see `estafette credential list`")
    return found


def _good(office: Office, name: str, tenant: str) -> Credential:
    found = find(office, name, tenant)
    if found.revoked is not None:
        raise Revoked(f"{found.username} was revoked", place="NAME", fix="make a new credential")
    return bounds.confined(office, found)


def _put(office: Office, before: Credential, after: Credential, action: str) -> Resource:
    office.seen(before.version)
    entry = office.entry(action, tenant=after.tenant, subject=after.username, before=before, after=after)
    office.control.put_credential(after, entry)
    return show(office, after.id)


def _shown(credential: Credential, use: LastUse | None) -> Resource:
    fields = msgspec.structs.asdict(credential)
    del fields["password_sha256"], fields["api_key_sha256"]
    times = {name: moment(fields[name]) for name in ("created", "revoked", "expires")}
    last = {"last_used": moment(use.at) if use else None, "last_address": use.address if use else ""}
    return resource(fields | times | last)


def _name(text: str) -> str:
    if len(text) > 255 or not text.isprintable():
        raise Fault("a name has at most 255 printable characters", place="--name", fix="shorten it")
    return text


def _made_up(name: str) -> str:
    label = _PLAIN.sub("-", name.lower()).strip("-")[:32] or "client"
    return f"{label}-{new_secret()[:8]}"


def _username(office: Office, tenant: str, text: str) -> str:
    try:
        address = parse_path(text)
    except AddressError as error:
        raise Fault(
            f"{text!r} is no address: {error}", place="--username", fix="write it as anna@company.example"
        ) from None
    held = office.control.domains(tenant=tenant, name=address.domain)
    if not held or held[0].status == "pending":
        fix = f"verify {address.domain} first, or leave the user name out"
        raise Fault(f"{address.domain} is no verified domain of this tenant", place="--username", fix=fix)
    return address.key


def _senders(office: Office, tenant: str, texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_sender(office, tenant, text) for text in texts))


def _sender(office: Office, tenant: str, text: str) -> str:
    address = bounds.mailbox_or_domain(text, "--from")
    if not office.control.domains(tenant=tenant, name=address.domain) and not (
        "@" in text and _is_sender(office, tenant, address.key)
    ):
        raise Fault(
            f"{address.domain} is not a domain of this tenant",
            place="--from",
            fix=f"run `estafette domain add {address.domain}` first, or `estafette sender add` for one address",
        )
    return address.key if "@" in text else address.domain


def _is_sender(office: Office, tenant: str, address: str) -> bool:
    """Return whether a single address may send without its domain: its reader has agreed."""
    found = office.control.sending.sender(address, tenant)
    return found is not None and found.status == "verified"


def _networks(office: Office, texts: Sequence[str], own: str = "") -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(bounds.network(text, "--network") for text in texts))
    others = office.control.lists.by_network() if wanted else ()
    for other in others:
        for taken in set(wanted) & set(other.networks):
            if other.id != own:
                raise Fault(
                    f"{taken} already stands for another credential",
                    place="--network",
                    fix="choose a narrower range, or revoke that credential",
                )
    return wanted
