"""``estafette statement``: what a tenant used in a month, and what that costs."""

from __future__ import annotations

from typing import Literal

from cyclopts import App

from estafette.cli import output
from estafette.cli.call import call
from estafette.cli.opening import office
from estafette.model.user import Language
from estafette.tenancy import paper, statements, tenants

app = App(name="statement", help="What a tenant used in a month, and what that costs.")


@app.command(name="list")
def list_(*, tenant: str) -> None:
    """List the statements of a tenant, newest first."""
    with office() as room:
        output.page(statements.list_all(room, tenant), ("start", "end", "status", "plan", "totals", "amounts"))


@app.command
def show(
    *, tenant: str, month: str = "", form: Literal["text", "csv", "html"] = "text", language: Language | None = None
) -> None:
    """Show one statement. month: a day of it, such as 2026-05-31; without it the running one.

    language: of the page, by default the tenant's.
    """
    with office() as room:
        found = statements.show(room, tenant, month)
        chosen = language or tenants.language(room, tenant)
    if form == "text" or call.json:
        output.resource(found)
    else:
        print(paper.csv(found) if form == "csv" else paper.page(found, chosen), end="")
