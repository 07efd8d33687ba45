"""``estafette webhook``: addresses that are called with what happens to mail."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from estafette.cli import output
from estafette.cli.call import call
from estafette.cli.opening import office, run, store
from estafette.config.kinds import duration
from estafette.model.webhook import CallState, Format, WebhookStatus
from estafette.store.interface.page import Page
from estafette.webhooks import endpoints, log
from estafette.webhooks.endpoints import Wish

if TYPE_CHECKING:
    from estafette.tenancy.office import Resource
    from estafette.webhooks.targets import Targets

app = App(name="webhook", help="Addresses of a tenant that are called with what happens to its mail.")
app.command("estafette.cli.webhook_listen:listen", name="listen", help="Forward live events to this machine.")

Kinds = Annotated[list[str] | None, Parameter(name="--event", negative="", help="Kind of event; repeatable. None: all")]
Streams = Annotated[list[str] | None, Parameter(name="--stream", negative="", help="Stream; repeatable. None: all")]
#: Seconds that ``ping`` waits for what comes of it.
_PATIENCE = 30.0


@app.command
def create(
    url: str,
    /,
    *,
    tenant: str,
    name: str | None = None,
    format: Format | None = None,  # noqa: A002 - the option's name
    event: Kinds = None,
    stream: Streams = None,
    concurrency: int | None = None,
    authorization: str | None = None,
) -> None:
    """Add a webhook; its secret is shown once, here."""
    wish = Wish(
        url=url, name=name, format=format, events=event, streams=stream, concurrency=concurrency,
        authorization=authorization,
    )  # fmt: skip
    with office() as room:
        output.resource(endpoints.create(room, _targets(), tenant, wish))


@app.command(name="list")
def list_(*, tenant: str, limit: int = 1000, after: str = "") -> None:
    """List the webhooks of a tenant."""
    with office() as room:
        found = endpoints.list_all(room, tenant, Page(limit=limit, after=after))
        output.page(found, ("id", "url", "format", "events", "streams", "status", "failing_since"))


@app.command
def show(webhook: str, /, *, tenant: str) -> None:
    """Show one webhook, by id, without its secret."""
    with office() as room:
        output.resource(endpoints.show(room, tenant, webhook))


@app.command
def update(
    webhook: str,
    /,
    *,
    tenant: str,
    url: str | None = None,
    name: str | None = None,
    format: Format | None = None,  # noqa: A002 - the option's name
    event: Kinds = None,
    stream: Streams = None,
    all_events: bool = False,
    all_streams: bool = False,
    concurrency: int | None = None,
    authorization: str | None = None,
    status: WebhookStatus | None = None,
) -> None:
    """Change what is given. status active calls it again, with what happens from then on."""
    wish = Wish(
        url=url, name=name, format=format, events=() if all_events else event, streams=() if all_streams else stream,
        concurrency=concurrency, authorization=authorization, status=status,
    )  # fmt: skip
    with office() as room:
        output.resource(endpoints.update(room, _targets(), tenant, webhook, wish))


@app.command
def remove(webhook: str, /, *, tenant: str) -> None:
    """Remove a webhook, with the calls that it still was to get."""
    with office() as room:
        output.resource(endpoints.remove(room, tenant, webhook))


@app.command
def rotate(webhook: str, /, *, tenant: str, keep: str = "24h") -> None:
    """Give it a new secret, shown once, here. keep: how long the old one signs beside it; 0 = no more."""
    with office() as room:
        output.resource(endpoints.rotate(room, tenant, webhook, keep=float(duration(keep))))


@app.command
def ping(webhook: str, /, *, tenant: str) -> int:
    """Have a test call made, and say what came of it; the service must run."""
    from estafette.web.dialects.forms import FORMS

    with office() as room:
        made = log.ping(room, FORMS, tenant, webhook)
        ends = time.monotonic() + _PATIENCE
        while made["state"] == "pending" and not made["attempts"] and time.monotonic() < ends:
            time.sleep(0.2)
            made = log.show(room, tenant, webhook, str(made["id"]))
        _print(made)
        return 0 if made["state"] == "done" else 1


@app.command
def calls(webhook: str, /, *, tenant: str, state: CallState | None = None, limit: int = 100, after: str = "") -> None:
    """List calls, newest first: those that wait, and the last ones that ended."""
    with office() as room:
        found = log.list_all(room, tenant, webhook, Page(limit=limit, after=after), state=state)
        output.page(found, ("id", "kind", "state", "attempts", "status", "next", "why"))


@app.command(name="call")
def call_(webhook: str, name: str, /, *, tenant: str, retry: bool = False) -> None:
    """Show a call with its body and every attempt. retry: have it made now."""
    with office() as room:
        _print((log.retry if retry else log.show)(room, tenant, webhook, name))


@app.command
def replay(webhook: str, /, *, tenant: str, since: str, until: str = "") -> None:
    """Have events told again, under the ids that they had. since, until: as 2027-01-31T12:00:00Z; until: else now."""
    first = log.moment_of(since, "--since")
    last = log.moment_of(until, "--until") if until else time.time()
    cursor, stop = run(_span(first))
    with office() as room:
        output.resource(log.replay(room, tenant, webhook, since=first, until=last, cursor=cursor, stop=stop))


async def _span(since: float) -> tuple[int, int]:
    async with store() as opened:
        return await log.before(opened.history, since), await opened.history.position()


def _print(made: Resource) -> None:
    tries: Any = made["tries"]
    output.resource(made if call.json else {name: value for name, value in made.items() if name != "tries"})
    if not call.json:
        output.listing(tries, ("at", "status", "ms", "why", "reply"))


def _targets() -> Targets:
    from estafette.webhooks.targets import of_settings

    return of_settings(call.settings)
