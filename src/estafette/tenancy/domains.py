"""Domains: added, shown, removed. One proved owner at a time; a key belongs to a tenant *and* a domain."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from estafette.base.errors import Fault
from estafette.model.address import AddressError, parse_path
from estafette.model.domain import DnsRecord, Domain
from estafette.model.mailbox import Mailbox, mailbox_of
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import AlreadyThere, SealedKey
from estafette.store.interface.sending import Label
from estafette.tenancy import comparison, dkim_keys, features, records, spelling
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, new_id, new_secret
from estafette.tenancy.records import Targets

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def add(office: Office, tenant: str, name: str, *, ed25519: bool = False) -> Resource:
    """Add a domain with fresh keys and return the records to publish; AlreadyThere, NotInPlan."""
    account = office.tenant(tenant)
    owner = account.id
    ascii_name = a_label(name)
    if office.control.domains(tenant=owner, name=ascii_name):
        raise AlreadyThere(f"{ascii_name} was added already")
    features.room(office, account, "domains", "domain", partial(office.control.lists.domains, tenant=owner))
    domain = Domain(
        id=new_id(), tenant=owner, name=ascii_name, token=new_secret(), created=office.now(), issued=office.now(),
        label=new_label(office, owner, ascii_name),
    )  # fmt: skip
    keys = dkim_keys.pair(office, owner, ascii_name, ed25519=ed25519)
    office.control.add_domain(domain, keys, office.entry("domain.add", tenant=owner, subject=ascii_name, after=domain))
    return show(office, ascii_name, tenant=owner)


def new_label(office: Office, tenant: str, domain: str) -> str:
    """Return a random name under the service's zone that nobody ever had; "" when the service has no zone."""
    if not office.dns_zone:
        return ""
    while True:
        label = "".join(secrets.choice(_LETTERS) for _ in range(12))
        try:
            office.control.sending.add_label(Label(label=label, tenant=tenant, domain=domain, created=office.now()))
        except AlreadyThere:
            continue
        return label


def add_service_keys(office: Office) -> Resource:
    """Make the keys with which the service itself signs, unless it has them; return their records."""
    keys = office.control.keys("", office.hostname)
    if not keys:
        # Whoever signs with them looks at their records itself.
        made = dkim_keys.pair(office, "", office.hostname, ed25519=False, seen=office.now())
        office.control.add_keys(made, office.entry("service.keys", subject=office.hostname))
        keys = office.control.keys("", office.hostname)
    found = records.signing(office.hostname, keys)
    return {
        "domain": office.hostname, "status": "verified", "records": [comparison.shown(each) for each in found],
    }  # fmt: skip


def list_all(office: Office, tenant: str = "", *, page: Page = FIRST, status: str = "") -> Resource:
    """Return a page of the domains of a tenant, or of all, with their records."""
    owner = office.tenant(tenant).id if tenant else ""
    found = office.control.lists.domains(page, tenant=owner, status=status)
    keys: dict[tuple[str, str], list[SealedKey]] = {}
    for key in office.control.sending.keys([(each.tenant, each.name) for each in found.items]):
        keys.setdefault((key.tenant, key.domain), []).append(key)
    routed = office.control.routes.having([(each.tenant, each.name) for each in found.items])
    items = [
        _shown(office, each, keys.get((each.tenant, each.name), []), routed=(each.tenant, each.name) in routed)
        for each in found.items
    ]
    return listing(items, found.next)


def show(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Return one domain with its records; NotFound."""
    return of(office, find(office, name, tenant))


def of(office: Office, domain: Domain) -> Resource:
    """Return a domain's resource."""
    return _shown(office, domain, office.control.keys(domain.tenant, domain.name), routed=_routed(office, domain))


def remove(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Remove a domain and its keys; mail that waits leaves unsigned. Its labels are nobody's for ever. NotFound."""
    domain = find(office, name, tenant)
    office.seen(domain.version)
    entry = office.entry("domain.remove", tenant=domain.tenant, subject=domain.name, before=domain)
    office.control.sending.remove_domain(domain, entry)
    return {"domain": domain.name, "tenant": domain.tenant, "removed": True}


def spelled(office: Office, name: str, host: str, *, tenant: str = "") -> Resource:
    """Return the records of a domain as a DNS host's form wants them, and as lines of a zone file. NotFound, Fault."""
    domain, form = find(office, name, tenant), spelling.host(host)
    found = wanted(office, domain)
    lines = [
        {"purpose": each.purpose} | comparison.typed(each, domain.zone or domain.name, form) for each in found
    ]  # fmt: skip
    return {
        "domain": domain.name, "host": host, "label": form.label, "zone": domain.zone or domain.name,
        "note": form.note, "records": lines, "zone_file": spelling.snippet(found),
    }  # fmt: skip


def zone(office: Office) -> str:
    """Return the zone that the operator's own name server publishes: the targets of every domain. Fault without one."""
    if not office.dns_zone:
        raise Fault("this service has no zone of its own", place="service.dns_zone", fix="name one that you delegate")
    targets = targets_of(office)
    lines = [f"; targets of the records of tenants, to be published as {office.dns_zone}\n"]
    for domain in office.control.domains():
        if domain.label:
            held = records.own(domain, office.control.keys(domain.tenant, domain.name), targets)
            lines.append(spelling.snippet(held))
    return "".join(lines)


def wanted(office: Office, domain: Domain) -> list[DnsRecord]:
    """Return the records that a domain publishes."""
    keys = office.control.keys(domain.tenant, domain.name)
    return records.wanted(domain, keys, targets_of(office), routed=_routed(office, domain))


def find(office: Office, name: str, tenant: str = "") -> Domain:
    """Return a domain, of one tenant when given; NotFound, and Fault when several tenants have added it."""
    owner = office.tenant(tenant).id if tenant else None
    found = office.control.domains(tenant=owner, name=a_label(name))
    if not found:
        raise NotFound(f"there is no domain {name!r}", place="DOMAIN", fix="see `estafette domain list`")
    if len(found) > 1:
        raise Fault(f"several tenants have added {name}", place="DOMAIN", fix="name one with --tenant")
    return found[0]


def a_label(name: str) -> str:
    """Return a domain name in lower-case A-labels; Fault when it is none."""
    try:
        address = parse_path(f"x@{name.rstrip('.')}", smtputf8=True)
    except AddressError as error:
        raise Fault(f"{name!r} is no domain: {error}", place="DOMAIN", fix="correct the name") from None
    if address.is_literal:
        raise Fault(f"{name!r} is an address, not a domain", place="DOMAIN", fix="use a name")
    return address.domain


def targets_of(office: Office) -> Targets:
    """Return the names of this service to which records point."""
    public = urlsplit(office.public_url)
    return Targets(
        hostname=office.hostname, return_path=office.return_path, dns_zone=office.dns_zone,
        public_host=public.hostname or office.hostname,
        public_port=(public.port or 443) if public.scheme == "https" else 0,
        submissions=office.submissions, submission=office.submission,
    )  # fmt: skip


def told(box: Mailbox | None) -> Resource | None:
    """Return where mail is read as JSON knows it."""
    if box is None:
        return None
    at = box.incoming
    return {"host": at.host, "port": at.port, "socket": at.socket, "sign_in": box.sign_in, "login": box.login}


def _routed(office: Office, domain: Domain) -> bool:
    return bool(office.control.routes.having([(domain.tenant, domain.name)]))


def _shown(office: Office, domain: Domain, keys: Sequence[SealedKey], *, routed: bool) -> Resource:
    wanted = records.wanted(domain, keys, targets_of(office), routed=routed)
    return {
        "domain": domain.name,
        "id": domain.id,
        "tenant": domain.tenant,
        "status": domain.status,
        "reason": domain.reason,
        "created": moment(domain.created),
        "checked": moment(domain.checked),
        "warned": moment(domain.warned),
        "zone": domain.zone,
        "incoming": told(mailbox_of(domain)),
        "version": domain.version,
        "keys": [dkim_keys.shown(key) for key in keys],
        "records": [comparison.shown(each) for each in wanted],
    }
