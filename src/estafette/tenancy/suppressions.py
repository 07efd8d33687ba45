"""Suppressions: addresses that get no mail."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import parse_path
from estafette.model.topic import split
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import Suppression, unnamed
from estafette.tenancy import streams
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, resource
from estafette.tracking.token import person_of


def add(office: Office, tenant: str, address: str, *, stream: str = "", reason: str = "manual") -> Resource:
    """Refuse mail to an address, on one stream, one topic of it (``model.topic.scope``) or on all.

    AddressError when it is none.
    """
    return _put(office, office.tenant(tenant).id, parse_path(address, smtputf8=True).key, stream, reason)


def add_person(office: Office, tenant: str, person: bytes, *, stream: str = "", reason: str) -> Resource:
    """Refuse mail to whoever a keyed hash stands for (``tracking.token.person_of``), whose address nobody keeps."""
    return _put(office, office.tenant(tenant).id, unnamed(person), stream, reason)


def _put(office: Office, owner: str, key: str, stream: str, reason: str) -> Resource:
    if stream:
        streams.find(office, owner, split(stream)[0])
    if not 0 < len(reason) <= 64 or not reason.isprintable():
        raise Fault("a reason has 1 to 64 printable characters", place="--reason", fix="shorten it")
    entry = Suppression(tenant=owner, stream=stream, address=key, reason=reason, created=office.now())
    office.control.put_suppression(entry, office.entry("suppression.add", tenant=owner, subject=key, after=entry))
    return _shown(entry)


def list_all(office: Office, tenant: str = "", *, page: Page = FIRST, stream: str = "", address: str = "") -> Resource:
    """Return a page of the entries of a tenant, or of all; who is known by a hash alone is found by the address too."""
    owner = office.tenant(tenant).id if tenant else ""
    key = parse_path(address, smtputf8=True).key if address else ""
    found = office.control.lists.suppressions(page, tenant=owner, stream=stream, address=key)
    if owner and key and not found.items:
        found = office.control.lists.suppressions(
            page, tenant=owner, stream=stream, address=_person(office, owner, key)
        )
    return listing([_shown(each) for each in found.items], found.next)


def remove(office: Office, tenant: str, address: str, *, stream: str = "") -> Resource:
    """Let an address get mail again, also where it is known by a keyed hash alone; NotFound."""
    owner = office.tenant(tenant).id
    key = parse_path(address, smtputf8=True).key
    person = _person(office, owner, key)
    known = office.control.lists.suppressions(FIRST, tenant=owner, stream=stream, address=person).items
    gone = 0
    for each in (key, person) if known else (key,):
        entry = office.entry("suppression.remove", tenant=owner, subject=each, detail=stream)
        gone += office.control.remove_suppression(owner, stream, each, entry)
    if not gone:
        raise NotFound(f"{key} is not suppressed", place="ADDRESS", fix="see `estafette suppression list`")
    return {"tenant": owner, "stream": stream, "address": key, "removed": True}


def _person(office: Office, tenant: str, key: str) -> str:
    return unnamed(person_of(office.keyring, tenant, key))


def _shown(entry: Suppression) -> Resource:
    return resource(msgspec.structs.asdict(entry) | {"created": moment(entry.created)})
