"""Tickets: what people wrote to ``abuse@`` and ``postmaster@`` of our domains, and who has seen to it."""

from __future__ import annotations

import msgspec

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.model.ticket import Ticket, TicketState
from estafette.store.interface.page import FIRST, Page
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment

LONGEST_NOTE = 2_000


def list_all(
    office: Office, tenant: str = "", *, service: bool = False, state: TicketState | None = None, page: Page = FIRST
) -> Resource:
    """Return a page of tickets, newest first: of a tenant, or of all. service: only the service's own."""
    owner = office.tenant(tenant).id if tenant else ("" if service else None)
    found = office.control.tickets.page(page, tenant=owner, state=state)
    return listing([shown(each) for each in found.items], found.next)


def show(office: Office, identity: str, *, tenant: str = "") -> Resource:
    """Return one ticket; NotFound, also when it is another tenant's."""
    return shown(find(office, identity, tenant))


def close(office: Office, identity: str, *, note: str = "", tenant: str = "") -> Resource:
    """Say that somebody has seen to a ticket, and what was done. NotFound, Fault."""
    before = find(office, identity, tenant)
    if before.state == "closed":
        raise Fault("this ticket was closed already", place="ID", fix="see `estafette ticket list`")
    if len(note) > LONGEST_NOTE:
        raise Fault(f"a note has at most {LONGEST_NOTE} characters", place="--note", fix="shorten it")
    after = msgspec.structs.replace(
        before, state="closed", closed=office.now(), closed_by=office.who.label[:255], note=note
    )
    return _changed(office, after, "ticket.close")


def reopen(office: Office, identity: str, *, tenant: str = "") -> Resource:
    """Take back that a ticket is closed. NotFound, Fault."""
    before = find(office, identity, tenant)
    if before.state == "open":
        raise Fault("this ticket is open", place="ID", fix="see `estafette ticket list`")
    after = msgspec.structs.replace(before, state="open", closed=None, closed_by="")
    return _changed(office, after, "ticket.reopen")


def find(office: Office, identity: str, tenant: str = "") -> Ticket:
    """Return a ticket by id, of one tenant when given; NotFound."""
    owner = office.tenant(tenant).id if tenant else ""
    found = office.control.tickets.find(identity)
    if found is None or (owner and found.tenant != owner):
        raise NotFound(f"there is no ticket {identity!r}", place="ID", fix="see `estafette ticket list`")
    return found


def shown(ticket: Ticket) -> Resource:
    """Return the resource of a ticket. about: ``ID.N`` of the message it proves to be about, ``ID`` when of several."""
    about = ids.show(ticket.about) + (f".{ticket.number}" if ticket.number else "") if ticket.about else None
    return {
        "id": ticket.id, "tenant": ticket.tenant, "state": ticket.state, "address": ticket.address,
        "sender": ticket.sender, "author": ticket.author, "subject": ticket.subject, "text": ticket.text,
        "received": moment(ticket.received), "last": moment(ticket.seen), "times": ticket.times, "about": about,
        "source": ticket.source, "closed": moment(ticket.closed), "closed_by": ticket.closed_by, "note": ticket.note,
    }  # fmt: skip


def _changed(office: Office, after: Ticket, action: str) -> Resource:
    entry = office.entry(action, tenant=after.tenant, subject=after.id, detail=after.note)
    office.control.tickets.change(after, entry)
    return shown(after)
