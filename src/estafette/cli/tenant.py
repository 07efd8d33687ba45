"""``estafette tenant``: the organisations that send."""

from __future__ import annotations

from typing import Literal

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.model.stream import Tracking
from estafette.model.user import Language
from estafette.store.interface.page import Page
from estafette.tenancy import tenants

app = App(name="tenant", help="Organisations that send.")


@app.command
def create(name: str, /, *, plan: str = "", parent: str = "", language: Language | Literal[""] = "") -> None:
    """Make a tenant; it starts trusted and, without a plan, unlimited.

    parent: the agency whose client it is. language: of letters and notices to its people, else the service's.
    """
    with office() as room:
        output.resource(tenants.create(room, name, plan=plan, parent=parent, language=language))


@app.command(name="list")
def list_(*, parent: str = "", status: str = "", limit: int = 1000, after: str = "") -> None:
    """List tenants, all or the clients of an agency."""
    with office() as room:
        found = tenants.list_all(room, page=Page(limit=limit, after=after), parent=parent, status=status)
        output.page(found, ("id", "name", "status", "plan", "parent", "created"))


@app.command
def show(name: str, /) -> None:
    """Show one tenant, by name or id."""
    with office() as room:
        output.resource(tenants.show(room, name))


@app.command
def update(
    name: str,
    /,
    *,
    new_name: str | None = None,
    identity: str | None = None,
    postal_address: str | None = None,
    plan: str | None = None,
    show_id: bool | None = None,
    queued_limit: int | None = None,
    timezone: str | None = None,
    overage: Literal["stop", "bill"] | None = None,
    alert_to: str | None = None,
    trust: Literal["full", "ramp"] | None = None,
    language: Language | Literal[""] | None = None,
    tracking: Tracking | None = None,
) -> None:
    """Change what is given. queued_limit: recipients that may wait at once; below 0 lifts the limit.

    timezone: such as Europe/Paris. overage: what happens beyond the plan. alert_to: who is told before it runs out.
    trust: full, or ramp for a limit that grows day by day. language: of letters and notices; empty = the service's.
    tracking: the most that its streams may measure; individual needs the consent of people in the EU.
    """
    with office() as room:
        output.resource(
            tenants.update(
                room,
                name,
                new_name=new_name,
                identity=identity,
                postal_address=postal_address,
                plan=plan,
                show_id=show_id,
                queued_limit=queued_limit,
                timezone=timezone,
                overage=overage,
                alert_to=alert_to,
                trust=trust,
                language=language,
                tracking=tracking,
            )
        )


@app.command
def suspend(name: str, /, *, reason: str) -> None:
    """Take no more mail from a tenant; what waits still leaves."""
    with office() as room:
        output.resource(tenants.suspend(room, name, reason))


@app.command
def resume(name: str, /) -> None:
    """Undo suspend."""
    with office() as room:
        output.resource(tenants.resume(room, name))
