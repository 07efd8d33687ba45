"""Mail of people to ``abuse@`` and ``postmaster@`` becomes a ticket, for a person to read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256

from estafette.base.seal import Keyring
from estafette.mail import arf
from estafette.mail.excerpt import Excerpt, excerpt, printable
from estafette.model.address import Address
from estafette.model.ticket import ROLES, Ticket
from estafette.relay.feedback.attribution import Path, attribute
from estafette.relay.feedback.returned import Returned, Taken
from estafette.store.interface.tickets import Tickets
from estafette.tenancy.office import new_id

#: Seconds in which mail of the same sender with the same subject is one ticket, and open tickets of one tenant.
ALIKE = 86_400.0
MOST_OPEN = 1_000

#: Returns whose domain it is (a tenant's id, "" = the service's own), None for one that we do not serve.
Owner = Callable[[str], str | None]


def is_role(address: Address, owner: Owner) -> bool:
    """Whether an address is one that somebody reads: the ``Door`` of this room."""
    return address.local.lower() in ROLES and owner(address.domain.lower()) is not None


class TicketReader:
    """A ``Reader``, the last of those that take mail to these addresses: what programs write was taken before."""

    def __init__(self, *, tickets: Tickets, keyring: Keyring, path: Path, owner: Owner) -> None:
        self._tickets = tickets
        self._keyring = keyring
        self._path = path
        self._owner = owner

    async def take(self, returned: Returned) -> Taken | None:
        """See ``Reader``. What came to several of the addresses is a ticket at the first."""
        for address in returned.to:
            local, _, domain = address.lower().rpartition("@")
            owner = self._owner(domain) if local in ROLES else None
            if owner is not None:
                return await asyncio.to_thread(self._take, returned, address.lower(), owner)
        return None

    def _take(self, returned: Returned, address: str, owner: str) -> Taken:
        said = excerpt(returned.body)
        if not returned.sender and said.automatic:
            return Taken("role_notice")
        ticket = self._ticket(returned, address, owner, said)
        opened = self._tickets.open(ticket, alike_since=returned.at - ALIKE, most=MOST_OPEN)
        if opened is None:
            return Taken("ticket_beyond_limit")
        return Taken("ticket" if opened.message == returned.id else "ticket_again")

    def _ticket(self, returned: Returned, address: str, owner: str, said: Excerpt) -> Ticket:
        proof = attribute(*arf.marks(returned.body), self._keyring, self._path)
        sender = printable(returned.sender)[:320]
        alike = f"{owner}\n{address}\n{sender.lower()}\n{said.subject.lower()}"
        return Ticket(
            id=new_id(), tenant=owner, address=address[:320], sender=sender, received=returned.at, seen=returned.at,
            message=returned.id, likeness=sha256(alike.encode("utf-8", "replace")).hexdigest(), author=said.author,
            subject=said.subject, text=said.text, source=returned.source[:64],
            about=proof.message if proof else 0, number=proof.number if proof else 0,
        )  # fmt: skip
