"""A ticket: mail of somebody to ``abuse@`` or ``postmaster@`` of a domain that we serve, for a person to answer."""

from __future__ import annotations

from typing import Literal

import msgspec

TicketState = Literal["open", "closed"]
#: RFC 2142 section 4 and 5, RFC 5321 section 4.5.1: what every domain that takes mail answers to.
ROLES = frozenset({"abuse", "postmaster"})


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket. Its words are a stranger's: cut, and of printable characters.

    tenant: whose domain was written to, "" for the service's own. address: where to. sender: of the envelope; author:
    of From. text: the beginning of what it says. message: id of the kept message; it is removed long before the ticket.
    about, number: the message of ours that it proves to be about, 0 when it proves none. source: the client's address.
    likeness: equal for equal mail of a day, which counts as one. seen, times: when it came last, and how often.
    note: what whoever closed it wrote down.
    """

    id: str
    tenant: str
    address: str
    sender: str
    received: float
    seen: float
    message: int
    likeness: str
    author: str = ""
    subject: str = ""
    text: str = ""
    source: str = ""
    about: int = 0
    number: int = 0
    times: int = 1
    state: TicketState = "open"
    closed: float | None = None
    closed_by: str = ""
    note: str = ""
