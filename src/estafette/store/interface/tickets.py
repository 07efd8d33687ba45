"""Tickets at rest. Plain calls that may wait for the disk."""

from __future__ import annotations

from typing import Protocol

from estafette.model.ticket import Ticket, TicketState
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry


class Tickets(Protocol):
    """What people wrote to the addresses that somebody has to read."""

    def open(self, ticket: Ticket, *, alike_since: float, most: int) -> Ticket | None:
        """Keep a ticket and return it, or the one that has its message already.

        Mail like that of an open ticket that came last at ``alike_since`` or later is counted on that one instead; and
        None is returned when its tenant has ``most`` open ones: the message stays kept, and nobody is overrun.
        """
        ...

    def page(self, page: Page, *, tenant: str | None, state: TicketState | None = None) -> Paged[Ticket]:
        """Return a page, newest first. tenant: None = of all, "" = those of the service itself."""
        ...

    def find(self, identity: str) -> Ticket | None:
        """Return one by id."""
        ...

    def change(self, ticket: Ticket, entry: AuditEntry) -> None:
        """Write its new state; Stale when it is gone."""
        ...

    def prune(self, before: float) -> int:
        """Forget tickets that came last before a moment; return how many."""
        ...
