"""Suppressions: addresses that get no mail."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import parse_path
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import Suppression
from estafette.tenancy import streams
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, resource


def add(office: Office, tenant: str, address: str, *, stream: str = "", reason: str = "manual") -> Resource:
    """Refuse mail to an address, on one stream or on all. AddressError when it is none."""
    owner = office.tenant(tenant).id
    if stream:
        streams.find(office, owner, stream)
    if not 0 < len(reason) <= 64 or not reason.isprintable():
        raise Fault("a reason has 1 to 64 printable characters", place="--reason", fix="shorten it")
    key = parse_path(address, smtputf8=True).key
    entry = Suppression(tenant=owner, stream=stream, address=key, reason=reason, created=office.now())
    office.control.put_suppression(entry, office.entry("suppression.add", tenant=owner, subject=key, after=entry))
    return _shown(entry)


def list_all(office: Office, tenant: str = "", *, page: Page = FIRST, stream: str = "", address: str = "") -> Resource:
    """Return a page of the entries of a tenant, or of all."""
    owner = office.tenant(tenant).id if tenant else ""
    key = parse_path(address, smtputf8=True).key if address else ""
    found = office.control.lists.suppressions(page, tenant=owner, stream=stream, address=key)
    return listing([_shown(each) for each in found.items], found.next)


def remove(office: Office, tenant: str, address: str, *, stream: str = "") -> Resource:
    """Let an address get mail again; NotFound."""
    owner = office.tenant(tenant).id
    key = parse_path(address, smtputf8=True).key
    entry = office.entry("suppression.remove", tenant=owner, subject=key, detail=stream)
    if not office.control.remove_suppression(owner, stream, key, entry):
        raise NotFound(f"{key} is not suppressed", place="ADDRESS", fix="see `estafette suppression list`")
    return {"tenant": owner, "stream": stream, "address": key, "removed": True}


def _shown(entry: Suppression) -> Resource:
    return resource(msgspec.structs.asdict(entry) | {"created": moment(entry.created)})
