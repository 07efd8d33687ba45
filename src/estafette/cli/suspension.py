"""``estafette suspension``: mail that a rule or the operator has stopped."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.tenancy import suspensions

app = App(name="suspension", help="Mail that a rule or the operator has stopped.")


@app.command
def create(*, tenant: str, stream: str = "", credential: str = "", reason: str = "") -> None:
    """Stop a credential, a stream, or with neither the whole tenant; what waits is kept for 72 hours."""
    with office() as room:
        output.resource(suspensions.create(room, tenant, stream=stream, credential=credential, reason=reason))


@app.command(name="list")
def list_(*, tenant: str = "", ended: bool = False) -> None:
    """List what is stopped. ended: what was stopped and is free again, too."""
    with office() as room:
        found = suspensions.list_all(room, tenant=tenant, ended=ended)
        output.page(found, ("id", "what", "rule", "created", "mail_kept_until", "ended"))


@app.command
def show(id: str, /) -> None:  # noqa: A002 - the contract's word
    """Show one: rule, figures, messages, what is still allowed, how to appeal."""
    with office() as room:
        output.resource(suspensions.show(room, id))


@app.command
def resume(id: str, /) -> None:  # noqa: A002
    """Lift a suspension; its mail leaves."""
    with office() as room:
        output.resource(suspensions.resume(room, id))


@app.command
def release(id: str, /) -> None:  # noqa: A002
    """Let its waiting mail leave; the suspension stays, and nothing new is taken."""
    with office() as room:
        output.resource(suspensions.release(room, id))


@app.command
def purge(id: str, /) -> None:  # noqa: A002
    """Cancel its mail now, with an event for each recipient; the suspension stays."""
    with office() as room:
        output.resource(suspensions.purge(room, id))
