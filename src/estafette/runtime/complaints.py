"""Assembly of who reads complaints, and what people write to ``abuse@`` and ``postmaster@``."""

from __future__ import annotations

import asyncio
from functools import partial

from estafette.mail import verp
from estafette.relay.feedback.attribution import Path
from estafette.relay.feedback.complaints import ComplaintReader
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.feedback.returned import Door, Reader
from estafette.relay.feedback.tickets import Owner, TicketReader, is_role
from estafette.relay.submission.return_gate import MAC_PURPOSE
from estafette.runtime.assemble import Unit
from estafette.runtime.offices import RECIPIENT, office_of

#: Seconds since the last report, or the last mail: as long as marks of ours open, and half a year.
COMPLAINTS_KEPT = 2 * 365 * 86_400.0
TICKETS_KEPT = 183 * 86_400.0
FORGET_EVERY = 3_600.0


def complaint_reader(unit: Unit, journeys: Journeys) -> Reader:
    """Return who reads reports of complaints."""
    return ComplaintReader(
        office=office_of(unit, RECIPIENT), journeys=journeys, mint=unit.store.mint, path=_path(unit),
        domain=unit.settings.service.return_path,
    )  # fmt: skip


def ticket_reader(unit: Unit) -> Reader:
    """Return who makes tickets; asked last, for it takes whatever came to the addresses it stands for."""
    return TicketReader(
        tickets=unit.directory.control.tickets, keyring=unit.keyring, path=_path(unit), owner=_owner(unit)
    )


async def forget_old(unit: Unit) -> None:
    """Forget complaints and tickets whose time is over, for as long as the janitor lives."""
    control, clock = unit.directory.control, unit.clock
    while True:
        await asyncio.to_thread(control.complaints.prune, clock.now() - COMPLAINTS_KEPT)
        await asyncio.to_thread(control.tickets.prune, clock.now() - TICKETS_KEPT)
        await asyncio.sleep(FORGET_EVERY)


def role_door(unit: Unit) -> Door:
    """Return what opens the mx listeners to these addresses at every domain that we serve."""
    return partial(is_role, owner=_owner(unit))


def _path(unit: Unit) -> Path:
    verify = partial(unit.keyring.verify, MAC_PURPOSE)
    domain = unit.settings.service.return_path.lower()
    return lambda address: verp.read(verify, address, domain)


def _owner(unit: Unit) -> Owner:
    """Return what says whose a domain is."""
    service = unit.settings.service
    own = frozenset({service.hostname.lower(), service.return_path.lower()})

    def owner(domain: str) -> str | None:
        if domain in own:
            return ""
        proved = unit.directory.proved(domain)
        return proved.tenant if proved is not None else None

    return owner
