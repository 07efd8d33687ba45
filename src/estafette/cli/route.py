"""``estafette route``: where mail that comes to a domain goes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from estafette.cli import output
from estafette.cli.call import Usage, call
from estafette.cli.opening import office
from estafette.store.interface.page import Page
from estafette.tenancy import routes
from estafette.tenancy.routes import Wish

if TYPE_CHECKING:
    from estafette.tenancy.office import Office
    from estafette.tenancy.routes import Ways

app = App(name="route", help="Where mail that comes to a domain goes, by the part of the address before the @.")

Forward = Annotated[str | None, Parameter(help="The company's server: smtp://HOST[:PORT] or lmtp://HOST:PORT.")]
Hook = Annotated[str | None, Parameter(name="--webhook", help="The https address that is called; mail is kept too.")]
Keep = Annotated[bool, Parameter(negative="", help="Keep and show it.")]
Words = Annotated[str | None, Parameter(name="--reject", help='Refuse it with these words; "" for the usual ones.')]


@app.command
def create(
    domain: str,
    pattern: str,
    /,
    *,
    tenant: str,
    forward: Forward = None,
    webhook: Hook = None,
    keep: Keep = False,
    reject: Words = None,
) -> None:
    """Add a route. pattern: such as info, sales.*, or * for every address; the narrowest takes the mail."""
    way, target = _aim(forward, webhook, reject, keep=keep)
    if way is None:
        raise Usage("say where its mail goes", place="estafette route create", fix="--forward, --webhook, --keep, ...")
    with office() as room:
        output.resource(routes.create(room, _ways(room), tenant, domain, Wish(pattern=pattern, way=way, target=target)))


@app.command(name="list")
def list_(*, tenant: str, domain: str = "", limit: int = 1000, after: str = "") -> None:
    """List the routes of a tenant, or of one of its domains."""
    with office() as room:
        found = routes.list_all(room, tenant, Page(limit=limit, after=after), domain=domain)
        output.page(found, ("id", "domain", "pattern", "way", "target", "created"))


@app.command
def show(route: str, /, *, tenant: str) -> None:
    """Show one route, by id, without its secret."""
    with office() as room:
        output.resource(routes.show(room, tenant, route))


@app.command
def update(
    route: str,
    /,
    *,
    tenant: str,
    pattern: str | None = None,
    forward: Forward = None,
    webhook: Hook = None,
    keep: Keep = False,
    reject: Words = None,
    new_secret: Annotated[bool, Parameter(negative="", help="Of a webhook; the old one signs for a day more.")] = False,
) -> None:
    """Change what is given."""
    way, target = _aim(forward, webhook, reject, keep=keep)
    wish = Wish(pattern=pattern, way=way, target=target, fresh=new_secret)
    with office() as room:
        output.resource(routes.update(room, _ways(room), tenant, route, wish))


@app.command
def remove(route: str, /, *, tenant: str) -> None:
    """Remove a route: mail to its addresses is refused, unless another one takes it."""
    with office() as room:
        output.resource(routes.remove(room, tenant, route))


@app.command(name="test")
def try_out(address: str, /, *, tenant: str = "") -> int:
    """Say which route takes an address, and what its sender is told; exit 1 when none does."""
    with office() as room:
        answer = routes.try_out(room, address, tenant)
    route: Any = answer["route"]
    shown = answer if call.json else answer | {"route": f"{route['pattern']} ({route['id']})" if route else "none"}
    output.resource(shown)
    return 0 if route else 1


def _aim(forward: str | None, webhook: str | None, reject: str | None, *, keep: bool) -> tuple[str | None, str | None]:
    """Return way and target of the one option that was given, None each when none was."""
    given = {"forward": forward, "webhook": webhook, "reject": reject, "keep": "" if keep else None}
    said = [(way, target) for way, target in given.items() if target is not None]
    if len(said) > 1:
        fix = f"one of {', '.join(f'--{way}' for way in given)}"
        raise Usage("mail of a route goes one way", place=" ".join(f"--{way}" for way, _ in said), fix=fix)
    return said[0] if said else (None, None)


def _ways(room: Office) -> Ways:
    from estafette.webhooks.route_hooks import of_settings

    return of_settings(call.settings, room.keyring, time.time)
