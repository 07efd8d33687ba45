"""``estafette consent``: who may be measured."""

from __future__ import annotations

from typing import Literal

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.store.interface.page import Page
from estafette.tenancy import consents
from estafette.tenancy.consents import Answer

app = App(name="consent", help="Who may be measured.")

Said = Literal["granted", "denied", "withdrawn"]


@app.command
def create(address: str, /, *, tenant: str, state: Said, method: str = "cli", text: str = "") -> None:
    """Write down what somebody said. method: how it was said, such as form. text: what was shown, word for word."""
    with office() as room:
        answer = Answer(address=address, state=state, method=method, text=text)
        output.resource(consents.record(room, tenant, answer))


@app.command(name="list")
def list_(*, tenant: str, state: Said | None = None, limit: int = 1000, after: str = "") -> None:
    """List those who said something, by their hash; addresses are not kept."""
    with office() as room:
        found = consents.list_all(room, tenant, page=Page(limit=limit, after=after), state=state)
        output.page(found, ("person", "state", "at"))


@app.command
def show(address: str, /, *, tenant: str) -> None:
    """Show what holds for an address, with every answer that led to it."""
    with office() as room:
        output.resource(consents.show(room, tenant, address))
