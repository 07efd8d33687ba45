"""``estafette key``: what programs of a tenant administer with."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from estafette.cli import output
from estafette.cli.opening import office
from estafette.store.interface.page import Page
from estafette.tenancy import keys

app = App(name="key", help="What programs of a tenant administer with.")

Scopes = Annotated[list[str], Parameter(name="--scope", negative="", help="Such as read; repeatable.")]
OnlyFrom = Annotated[
    list[str] | None, Parameter(name="--only-from", negative="", help="Range it may call from; repeatable.")
]
Recipients = Annotated[
    list[str] | None, Parameter(name="--recipient", negative="", help="Whom alone its credentials reach; repeatable.")
]


@app.command
def create(
    *,
    tenant: str,
    scope: Scopes,
    name: str = "",
    only_from: OnlyFrom = None,
    expires: str = "",
    recipient: Recipients = None,
) -> None:
    """Make a management key; it is shown once, here. expires: as 2030-01-31T12:00:00Z."""
    with office() as room:
        made = keys.create(
            room, tenant, name=name, scopes=scope, only_from=only_from or (), expires=expires,
            recipients=recipient or (),
        )  # fmt: skip
        output.resource(made)


@app.command(name="list")
def list_(*, tenant: str = "", limit: int = 1000, after: str = "") -> None:
    """List management keys, ended ones too."""
    with office() as room:
        columns = ("id", "name", "tenant", "scopes", "only_from", "by", "last_used", "expires", "revoked")
        output.page(keys.list_all(room, tenant, page=Page(limit=limit, after=after)), columns)


@app.command
def show(key: str, /, *, tenant: str = "") -> None:
    """Show one key, by id, without its secret."""
    with office() as room:
        output.resource(keys.show(room, tenant, key))


@app.command
def remove(key: str, /, *, tenant: str = "") -> None:
    """End a key, at once everywhere."""
    with office() as room:
        output.resource(keys.revoke(room, tenant, key))
