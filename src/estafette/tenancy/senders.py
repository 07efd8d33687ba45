"""Single addresses of domains that nobody here has proved: verified by a link that is mailed to them.

Mail from them bears no signature of their domain, so a strict DMARC policy there refuses it; a domain is better.
"""

from __future__ import annotations

from functools import partial

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import parse_path
from estafette.model.sender import Sender
from estafette.model.tenant import Tenant
from estafette.model.user import Letter
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import AlreadyThere
from estafette.tenancy import features, letters
from estafette.tenancy.invitations import LinkOver
from estafette.tenancy.office import NotFound, Office, Resource, digest, listing, moment, new_id, new_secret
from estafette.tenancy.permissions import Actor

#: Seconds for which the link works, and least seconds between two letters to one address.
LASTS = 3 * 86_400.0
AGAIN = 600.0
_WARNING = "not signed by its domain: a strict DMARC policy there refuses this mail; prove the domain if you can"


def add(office: Office, tenant: str, address: str) -> Resource:
    """Add an address and mail it a link. AlreadyThere, NotInPlan, AddressError; Fault if its domain is proved here."""
    owner = office.tenant(tenant)
    key = _address(address)
    _refuse_proved(office, owner.id, key)
    features.room(office, owner, "senders", "address", partial(office.control.sending.senders, tenant=owner.id))
    sender, letter = _invited(
        office, Sender(id=new_id(), tenant=owner.id, address=key, token_sha256=b"", created=office.now()), owner
    )
    entry = office.entry("sender.add", tenant=owner.id, subject=key, after=sender)
    try:
        office.control.sending.add_sender(sender, letter, entry)
    except AlreadyThere:
        raise AlreadyThere(f"{key} was added already") from None
    return show(office, key, tenant=owner.id)


def list_all(office: Office, tenant: str = "", *, page: Page = FIRST, status: str = "") -> Resource:
    """Return a page of the addresses of a tenant, or of all, oldest first."""
    owner = office.tenant(tenant).id if tenant else ""
    found = office.control.sending.senders(page, tenant=owner, status=status)
    return listing([_shown(each) for each in found.items], found.next)


def show(office: Office, name: str, *, tenant: str) -> Resource:
    """Return one address; NotFound."""
    return _shown(find(office, name, tenant))


def resend(office: Office, name: str, *, tenant: str) -> Resource:
    """Mail a new link, which replaces the one before; at most one in ten minutes. NotFound, Fault."""
    owner, sender = office.tenant(tenant), find(office, name, tenant)
    office.seen(sender.version)
    if sender.status == "verified":
        raise Fault(f"{sender.address} is verified", place="ADDRESS", fix="nothing is to be done")
    if office.now() < sender.expires - LASTS + AGAIN:
        raise Fault("a link was mailed a moment ago", place="ADDRESS", fix="look for it, or wait ten minutes")
    changed, letter = _invited(office, sender, owner)
    entry = office.entry("sender.resend", tenant=owner.id, subject=sender.address, detail="the link was mailed again")
    office.control.sending.put_sender(changed, entry, letter)
    return show(office, sender.id, tenant=owner.id)


def remove(office: Office, name: str, *, tenant: str) -> Resource:
    """Take an address back; mail from it is refused within seconds. NotFound."""
    sender = find(office, name, tenant)
    office.seen(sender.version)
    entry = office.entry("sender.remove", tenant=sender.tenant, subject=sender.address, before=sender)
    office.control.sending.remove_sender(sender, entry)
    return {"address": sender.address, "tenant": sender.tenant, "removed": True}


def of_link(office: Office, token: str) -> Sender:
    """Return the address that a link was mailed to; LinkOver when it is false, used or over."""
    found = office.control.sending.sender_by(digest(token))
    if found is None or found.status != "pending" or found.expires <= office.now():
        raise LinkOver
    return found


def look(office: Office, token: str) -> Resource:
    """Return what the page of a link shows; LinkOver."""
    sender = of_link(office, token)
    return {"email": sender.address, "tenant": office.tenant(sender.tenant).name}


def confirm(office: Office, token: str) -> Sender:
    """Make an address a sender: whoever reads its mail pressed the button. LinkOver, Fault."""
    sender = of_link(office, token)
    _refuse_proved(office, sender.tenant, sender.address)
    after = msgspec.structs.replace(
        sender, status="verified", verified=office.now(), token_sha256=digest(new_secret())
    )  # fmt: skip
    reader = Actor(kind="user", id="", name=sender.address, address=office.who.address)
    acting = msgspec.structs.replace(office, who=reader)
    entry = acting.entry("sender.verify", tenant=sender.tenant, subject=sender.address, before=sender, after=after)
    office.control.sending.put_sender(after, entry)
    return after


def find(office: Office, name: str, tenant: str) -> Sender:
    """Return an address of a tenant, by itself or by id; NotFound."""
    owner = office.tenant(tenant).id
    found = office.control.sending.sender(name if "@" not in name else _address(name), owner)
    if found is None:
        raise NotFound(f"there is no sender {name!r}", place="ADDRESS", fix="see `estafette sender list`")
    return found


def _address(text: str) -> str:
    address = parse_path(text, smtputf8=True)
    if address.is_literal or address.has_routing:
        raise Fault(f"{text!r} cannot be a sender", place="ADDRESS", fix="use an address of a domain")
    return address.key


def _refuse_proved(office: Office, tenant: str, address: str) -> None:
    """Refuse an address whose domain has an owner here: that owner decides who writes from it."""
    domain = address.rpartition("@")[2]
    held = [each for each in office.control.sending.domain(domain) if each.status != "pending"]
    if any(each.tenant == tenant for each in held):
        raise Fault(f"{domain} is proved: every address of it may send", place="ADDRESS", fix="nothing is to be done")
    if held:
        raise Fault(f"{domain} belongs to another account of this service", place="ADDRESS", fix="ask its owner")


def _invited(office: Office, sender: Sender, tenant: Tenant) -> tuple[Sender, Letter]:
    token = new_secret()
    until = office.now() + LASTS
    letter = letters.linked(
        office, "sender", office.languages(tenant), sender.address, f"/senders/{token}", until, tenant=tenant.name,
    )  # fmt: skip
    return msgspec.structs.replace(sender, token_sha256=digest(token), expires=until), letter


def _shown(sender: Sender) -> Resource:
    return {
        "id": sender.id,
        "tenant": sender.tenant,
        "address": sender.address,
        "status": sender.status,
        "created": moment(sender.created),
        "link_until": moment(sender.expires) if sender.status == "pending" else None,
        "verified": moment(sender.verified),
        "warning": _WARNING,
        "version": sender.version,
    }
