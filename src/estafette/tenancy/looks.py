"""Break-glass: an owner looks at the personal mail of one credential: with a reason, for a time, told to its sender."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Fault
from estafette.model.look import Look
from estafette.model.user import Letter
from estafette.store.interface.records import Credential
from estafette.tenancy import credentials, letters
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, new_id
from estafette.tenancy.permissions import Actor, Forbidden

LONGEST = 24


def create(office: Office, tenant: str, credential: str, reason: str, *, hours: int = 1) -> Resource:
    """Break the glass. Forbidden to all but an owner in person; the sender is told at once. NotFound, Fault."""
    owner = office.tenant(tenant).id
    if office.who.kind != "user" or office.who.roles.get(owner) != "owner":
        raise Forbidden(
            "only an owner of the account, logged in as a person, may look at personal mail", place="break_glass",
            fix="ask an owner",
        )  # fmt: skip
    if not 10 <= len(reason.strip()) <= 1000 or not reason.isprintable():
        raise Fault("a reason has 10 to 1000 printable characters", place="reason", fix="say why, the sender reads it")
    if not 1 <= hours <= LONGEST:
        raise Fault(f"a look lasts 1 to {LONGEST} hours", place="hours", fix="shorten it; open another when it ends")
    held = credentials.find(office, credential, owner)
    look = Look(
        id=new_id(), tenant=owner, credential=held.id, user=office.who.id, by=office.who.name, reason=reason.strip(),
        created=office.now(), until=office.now() + hours * 3600,
    )  # fmt: skip
    letter = _letter(office, look, held)
    told = letter.address if letter else "nobody: the credential names no address"
    entry = office.entry("look.open", tenant=owner, subject=held.username, detail=f"{look.reason} (told: {told})")
    office.control.sending.add_look(look, letter, entry)
    return _shown(look, office.now())


def close(office: Office, tenant: str, name: str) -> Resource:
    """End a look before its time. NotFound."""
    owner = office.tenant(tenant).id
    look = office.control.sending.look(name, owner)
    if look is None:
        raise NotFound(f"there is no look {name!r}", place="ID", fix="see GET /v1/looks")
    ended = msgspec.structs.replace(look, until=min(look.until, office.now()))
    entry = office.entry("look.close", tenant=owner, subject=look.credential, before=look, after=ended)
    office.control.sending.put_look(ended, entry)
    return _shown(ended, office.now())


def list_all(office: Office, tenant: str) -> Resource:
    """Return the looks at a tenant's personal mail, newest first."""
    found = office.control.sending.looks(office.tenant(tenant).id)
    return listing([_shown(each, office.now()) for each in found])


def open_to(office: Office, tenant: str, who: Actor) -> dict[str, str]:
    """Return whose mail somebody may see now: credential -> look."""
    if who.kind != "user" or who.roles.get(tenant) != "owner":
        return {}
    found = office.control.sending.looks(tenant, open_at=office.now())
    return {each.credential: each.id for each in found if each.user == who.id}


def used(office: Office, tenant: str, name: str) -> None:
    """Write down that a look has shown something."""
    look = office.control.sending.look(name, tenant)
    if look is not None:
        detail = f"look {look.id}"
        office.control.record(office.entry("look.use", tenant=tenant, subject=look.credential, detail=detail))


def _letter(office: Office, look: Look, held: Credential) -> Letter | None:
    """Return what tells the sender, in the account's language; None when the credential names no address."""
    addresses = [name for name in (held.username, *held.senders) if "@" in name]
    if not addresses:
        return None
    ends = (moment(look.until) or "")[:16].replace("T", " ")
    words = {"by": look.by, "ends": ends, "reason": look.reason}
    languages = office.languages(office.control.lists.tenant(look.tenant))
    text = letters.said("look", languages, lambda _language: words)
    return letters.write(office, addresses[0], text.subject, text.text)


def _shown(look: Look, now: float) -> Resource:
    return {
        "id": look.id,
        "tenant": look.tenant,
        "credential": look.credential,
        "by": look.by,
        "reason": look.reason,
        "created": moment(look.created),
        "until": moment(look.until),
        "open": look.until > now,
    }
