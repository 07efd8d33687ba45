"""``estafette suppression``: addresses that get no mail."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.store.interface.page import Page
from estafette.tenancy import suppressions

app = App(name="suppression", help="Addresses that get no mail.")


@app.command
def create(address: str, /, *, tenant: str, stream: str = "", reason: str = "manual") -> None:
    """Refuse mail to an address, on one stream or on all of a tenant."""
    with office() as room:
        output.resource(suppressions.add(room, tenant, address, stream=stream, reason=reason))


@app.command(name="list")
def list_(*, tenant: str = "", stream: str = "", address: str = "", limit: int = 1000, after: str = "") -> None:
    """List entries."""
    with office() as room:
        found = suppressions.list_all(room, tenant, page=Page(limit=limit, after=after), stream=stream, address=address)
        output.page(found, ("address", "tenant", "stream", "reason", "created"))


@app.command
def remove(address: str, /, *, tenant: str, stream: str = "") -> None:
    """Let an address get mail again."""
    with office() as room:
        output.resource(suppressions.remove(room, tenant, address, stream=stream))
