"""``estafette usage``: what tenants have used, and how long the rest will do."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.store.interface.page import Page
from estafette.tenancy import usage

app = App(name="usage", help="What tenants have used, and how long the rest will do.")


@app.command
def show(tenant: str, /) -> None:
    """Show the hour, day and month of a tenant, its packs, and the day on which its units run out."""
    with office() as room:
        output.resource(usage.show(room, tenant))


@app.command(name="list")
def list_(*, limit: int = 100, after: str = "") -> None:
    """List the usage of tenants."""
    with office() as room:
        found = usage.list_all(room, page=Page(limit=limit, after=after))
        output.page(found, ("name", "plan", "percent", "packs_left", "forecast"))
