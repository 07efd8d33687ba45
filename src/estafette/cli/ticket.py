"""``estafette ticket``: what people wrote to abuse@ and postmaster@."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.model.ticket import TicketState
from estafette.store.interface.page import Page
from estafette.tenancy import tickets

app = App(name="ticket", help="What people wrote to abuse@ and postmaster@.")
_COLUMNS = ("id", "state", "received", "times", "address", "sender", "subject", "about")


@app.command(name="list")
def list_(
    *, tenant: str = "", service: bool = False, state: TicketState | None = "open", limit: int = 100, after: str = ""
) -> None:
    """List tickets, newest first. service: only those to the service's own domains. state: open, closed."""
    with office() as room:
        found = tickets.list_all(room, tenant, service=service, state=state, page=Page(limit=limit, after=after))
        output.page(found, _COLUMNS)


@app.command
def show(id: str, /) -> None:  # noqa: A002 - the contract's word
    """Show one: who wrote, what, and which message of ours it is about."""
    with office() as room:
        output.resource(tickets.show(room, id))


@app.command
def close(id: str, /, *, note: str = "") -> None:  # noqa: A002
    """Say that somebody has seen to it. note: what was done."""
    with office() as room:
        output.resource(tickets.close(room, id, note=note))


@app.command
def reopen(id: str, /) -> None:  # noqa: A002
    """Take back that it is closed."""
    with office() as room:
        output.resource(tickets.reopen(room, id))
