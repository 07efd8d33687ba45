"""``estafette pack``: units that a tenant bought ahead."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.tenancy import packs

app = App(name="pack", help="Units that a tenant bought ahead; they do not expire.")


@app.command
def create(*, tenant: str, units: int, price: str = "0", currency: str = "EUR", note: str = "") -> None:
    """Add a pack; it is used after the plan, and after older packs."""
    with office() as room:
        output.resource(packs.add(room, tenant, units, price=price, currency=currency, note=note))


@app.command(name="list")
def list_(*, tenant: str) -> None:
    """List the packs of a tenant, oldest first, with what is left of each."""
    with office() as room:
        output.page(packs.list_all(room, tenant), ("id", "created", "units", "left", "price", "currency", "note"))
