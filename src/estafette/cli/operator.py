"""``estafette operator``: the people who run the service."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.tenancy import operators

app = App(name="operator", help="People who run the service.")


@app.command
def create(name: str, /) -> None:
    """Make an operator; password and API key are shown once, here."""
    with office() as room:
        output.resource(operators.create(room, name))


@app.command(name="list")
def list_() -> None:
    """List operators."""
    with office() as room:
        output.page(operators.list_all(room), ("id", "name", "created"))
