"""``estafette sender``: single addresses of domains that nobody here has proved."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.store.interface.page import Page
from estafette.tenancy import senders

app = App(name="sender", help="Single addresses that may send, verified by a mailed link.")


@app.command
def add(address: str, /, *, tenant: str) -> None:
    """Add an address; it gets a letter with a link to press."""
    with office() as room:
        output.resource(senders.add(room, tenant, address))


@app.command(name="list")
def list_(*, tenant: str = "", status: str = "", limit: int = 1000, after: str = "") -> None:
    """List addresses of a tenant, or all."""
    with office() as room:
        found = senders.list_all(room, tenant, page=Page(limit=limit, after=after), status=status)
        output.page(found, ("address", "status", "tenant", "created", "verified"))


@app.command
def show(address: str, /, *, tenant: str) -> None:
    """Show one address."""
    with office() as room:
        output.resource(senders.show(room, address, tenant=tenant))


@app.command
def resend(address: str, /, *, tenant: str) -> None:
    """Mail a new link, which replaces the one before."""
    with office() as room:
        output.resource(senders.resend(room, address, tenant=tenant))


@app.command
def remove(address: str, /, *, tenant: str) -> None:
    """Take an address back."""
    with office() as room:
        output.resource(senders.remove(room, address, tenant=tenant))
