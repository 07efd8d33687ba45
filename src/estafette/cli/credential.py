"""``estafette credential``: what lets an employee or an application in."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from estafette.cli import output
from estafette.cli.opening import office
from estafette.store.interface.page import Page
from estafette.tenancy import credentials, failures
from estafette.tenancy.bounds import Bounds

app = App(name="credential", help="What lets an employee or an application in.")

Senders = Annotated[list[str] | None, Parameter(name="--from", negative="", help="Address or domain; repeatable.")]
Networks = Annotated[
    list[str] | None, Parameter(name="--network", negative="", help="Source range that needs no password; repeatable.")
]
Recipients = Annotated[
    list[str] | None, Parameter(name="--recipient", negative="", help="Whom alone it may write to; repeatable.")
]
OnlyFrom = Annotated[
    list[str] | None, Parameter(name="--only-from", negative="", help="Range it may log in from; repeatable.")
]
Headers = Annotated[
    str | None,
    Parameter(name="--headers", help="Service whose header fields its programs write: mailjet, brevo, turbosmtp."),
]
COLUMNS = ("id", "username", "name", "tenant", "stream", "senders", "networks", "last_used", "revoked")


@Parameter(name="*")
class Limits:
    """What a credential may do at most; ``create`` and ``update`` take all of it."""

    def __init__(
        self,
        *,
        message_recipients: int | None = None,
        per_minute: int | None = None,
        per_hour: int | None = None,
        per_day: int | None = None,
        expires: str | None = None,
        recipient: Recipients = None,
        only_from: OnlyFrom = None,
        headers: Headers = None,
    ) -> None:
        self.bounds = Bounds(
            message_recipients=message_recipients, per_minute=per_minute, per_hour=per_hour, per_day=per_day,
            expires=expires, recipients=_emptied(recipient), only_from=_emptied(only_from), headers=headers,
        )  # fmt: skip


@app.command
def create(
    *,
    tenant: str,
    name: str = "",
    username: str = "",
    stream: str = "transactional",
    from_: Senders = None,
    network: Networks = None,
    limits: Limits | None = None,
) -> None:
    """Make a credential; its password and API key are shown once, here. per_...: most recipients in that time."""
    with office() as room:
        made = credentials.create(
            room, tenant, name=name, username=username, stream=stream, senders=from_ or (), networks=network or (),
            limits=_bounds(limits),
        )  # fmt: skip
        output.resource(made)


@app.command(name="list")
def list_(*, tenant: str = "", stream: str = "", limit: int = 1000, after: str = "") -> None:
    """List credentials, revoked ones too."""
    with office() as room:
        found = credentials.list_all(room, tenant, page=Page(limit=limit, after=after), stream=stream)
        output.page(found, COLUMNS)


@app.command
def show(name: str, /, *, tenant: str = "") -> None:
    """Show one credential, by id or user name, without its secrets."""
    with office() as room:
        output.resource(credentials.show(room, name, tenant=tenant))


@app.command
def update(
    credential: str,
    /,
    *,
    tenant: str = "",
    name: str | None = None,
    stream: str | None = None,
    from_: Senders = None,
    network: Networks = None,
    limits: Limits | None = None,
) -> None:
    """Change what is given. A number of -1 lifts a limit; an empty text empties a list."""
    with office() as room:
        changed = credentials.update(
            room, credential, tenant=tenant, new_name=name, stream=stream, senders=_emptied(from_),
            networks=_emptied(network), limits=_bounds(limits),
        )  # fmt: skip
        output.resource(changed)


@app.command
def rotate(name: str, /, *, tenant: str = "") -> None:
    """Give it a new password and API key, shown once, here; the old ones end within five seconds."""
    with office() as room:
        output.resource(credentials.rotate(room, name, tenant=tenant))


@app.command
def remove(name: str, /, *, tenant: str = "") -> None:
    """End a credential; sessions notice within five seconds."""
    with office() as room:
        output.resource(credentials.revoke(room, name, tenant=tenant))


@app.command(name="failures")
def failures_(*, tenant: str = "", username: str = "", limit: int = 1000, after: str = "") -> None:
    """List failed log-ins with their reasons, the latest first."""
    with office() as room:
        found = failures.list_all(room, tenant, page=Page(limit=limit, after=after), username=username)
        output.page(found, ("last", "username", "address", "reason", "count", "explanation"))


def _bounds(limits: Limits | None) -> Bounds:
    return limits.bounds if limits is not None else Bounds()


def _emptied(values: list[str] | None) -> list[str] | None:
    return [value for value in values if value] if values is not None else None
