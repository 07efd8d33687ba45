"""``estafette pace``: streams that a rule or the operator has slowed."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.tenancy import paces

app = App(name="pace", help="Streams that a rule or the operator has slowed.")


@app.command
def create(*, tenant: str, stream: str, per_hour: int, site: str = "", hours: int = 0, reason: str = "") -> None:
    """Slow a stream by hand, to one site or everywhere; hours 0 = until it is lifted. Mail of people is not slowed."""
    with office() as room:
        output.resource(paces.create(room, tenant, stream, per_hour, site=site, hours=hours, reason=reason))


@app.command(name="list")
def list_(*, tenant: str = "", ended: bool = False) -> None:
    """List what is slowed. ended: what was slowed and goes at full speed again, too."""
    with office() as room:
        found = paces.list_all(room, tenant=tenant, ended=ended)
        output.page(found, ("id", "what", "rule", "per_hour", "created", "until", "ended"))


@app.command
def show(id: str, /) -> None:  # noqa: A002 - the contract's word
    """Show one: rule, figures, speed, until when, the way back."""
    with office() as room:
        output.resource(paces.show(room, id))


@app.command
def lift(id: str, /, *, full: bool = False) -> None:  # noqa: A002
    """End a pace. What the firewall slowed goes on at half speed for a day; full: at full speed at once."""
    with office() as room:
        output.resource(paces.lift(room, id, full=full))
