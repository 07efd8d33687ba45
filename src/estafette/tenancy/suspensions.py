"""Suspensions: why mail is stopped, by which rule and figures, what is still allowed, and how to appeal."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Fault
from estafette.model.suspension import Suspension
from estafette.tenancy import credentials, paces, streams, trust
from estafette.tenancy.office import NotFound, Office, Resource, listing
from estafette.tenancy.rules import shipped
from estafette.tenancy.suspension_text import shown


def create(office: Office, tenant: str, *, stream: str = "", credential: str = "", reason: str = "") -> Resource:
    """Stop a credential, a stream, or with neither the whole tenant. What waits is kept for 72 hours. Fault."""
    owner = office.tenant(tenant)
    if stream:
        streams.find(office, owner.id, stream)
    held = credentials.find(office, credential, owner.id).id if credential else ""
    numbers = {"reason": reason} if reason else {}
    return _shown(office, trust.pause(office, owner.id, stream=stream, credential=held, numbers=numbers))


def list_all(office: Office, *, tenant: str = "", ended: bool = False) -> Resource:
    """Return suspensions, newest first, of a tenant or of all; ``ended``: those that were lifted too."""
    owner = office.tenant(tenant).id if tenant else ""
    return listing([_shown(office, each) for each in office.control.plans.suspensions(owner, ended=ended)])


def show(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Return one suspension; NotFound."""
    return _shown(office, find(office, name, tenant))


def resume(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Lift a suspension; its mail leaves, what the firewall stopped at half speed for a day. NotFound, Fault."""
    before = _open(office, name, tenant)
    after = msgspec.structs.replace(before, ended=office.now())
    if before.stream and before.rule in shipped().pace.resumed_rules:
        paces.half_speed(office, before.tenant, before.stream)
    return _put(office, before, after, "suspension.resume")


def release(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Let the mail of a suspension leave; the suspension stays in force and nothing new is taken. NotFound, Fault."""
    before = _open(office, name, tenant)
    return _put(office, before, msgspec.structs.replace(before, until=0.0), "suspension.release")


def purge(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Cancel the mail of a suspension now; the suspension stays in force. NotFound, Fault."""
    before = _open(office, name, tenant)
    return _put(office, before, msgspec.structs.replace(before, until=office.now()), "suspension.purge")


def find(office: Office, name: str, tenant: str = "") -> Suspension:
    """Return a suspension by id, of one tenant when given; NotFound."""
    owner = office.tenant(tenant).id if tenant else ""
    for each in office.control.plans.suspensions(owner):
        if each.id == name:
            return each
    raise NotFound(f"there is no suspension {name!r}", place="ID", fix="see `estafette suspension list`")


def _open(office: Office, name: str, tenant: str) -> Suspension:
    found = find(office, name, tenant)
    if found.ended is not None:
        raise Fault("this suspension was lifted already", place="ID", fix="see `estafette suspension list`")
    return found


def _put(office: Office, before: Suspension, after: Suspension, action: str) -> Resource:
    entry = office.entry(action, tenant=after.tenant, subject=after.what, before=before, after=after)
    office.control.plans.put_suspension(after, entry)
    return _shown(office, after)


def _shown(office: Office, each: Suspension) -> Resource:
    """Return its resource in the language of who reads: the tenant's people, or those who run the service."""
    reader = None if office.who.runs_service else office.control.lists.tenant(each.tenant)
    return shown(each, office.languages(reader)[0])
