"""What those who run the service are told by it: a ticket of the service's own, open until somebody has seen to it."""

from __future__ import annotations

import secrets
from hashlib import sha256

from estafette.model.ticket import Ticket
from estafette.tenancy.office import Office, new_id

#: Seconds in which the same alert counts on the open ticket, and open tickets of the service.
ALIKE = 86_400.0
MOST_OPEN = 1_000
_SUBJECT, _TEXT = 255, 4_000


def tell(office: Office, subject: str, text: str) -> None:
    """Open a ticket; one with the same subject that is open since less than a day counts it instead."""
    now, address = office.now(), f"postmaster@{office.hostname}"
    ticket = Ticket(
        id=new_id(), tenant="", address=address, sender="", received=now, seen=now,
        # No message is kept for it; the number only has to be nobody else's.
        message=secrets.randbits(62), likeness=sha256(f"alert\n{subject}".encode()).hexdigest(),
        author="Estafette", subject=subject[:_SUBJECT], text=text[:_TEXT],
    )  # fmt: skip
    office.control.tickets.open(ticket, alike_since=now - ALIKE, most=MOST_OPEN)
