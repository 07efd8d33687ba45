"""``estafette audit``: who changed what."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.store.interface.page import Page
from estafette.tenancy import audit

app = App(name="audit", help="Who changed what.")


@app.command(name="list")
def list_(*, tenant: str = "", actor: str = "", action: str = "", limit: int = 100, after: str = "") -> None:
    """List entries, newest first. action: such as domain.verify, or domain for all of them; after: "next" of a page."""
    with office() as room:
        columns = ("at", "actor", "action", "tenant", "subject", "detail")
        page = Page(limit=limit, after=after)
        output.page(audit.list_all(room, tenant=tenant, page=page, actor=actor, action=action), columns)
