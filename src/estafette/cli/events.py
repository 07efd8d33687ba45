"""``estafette events``: the event log, a JSON line each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from cyclopts import App, Parameter

from estafette.cli.call import call
from estafette.cli.opening import message_id, run, store, tenant_id
from estafette.cli.progress import counted
from estafette.cli.times import moment
from estafette.store.interface.history import EventFilter
from estafette.web import shapes

if TYPE_CHECKING:
    from estafette.store.interface.history import History

PAGE = 1000
#: Seconds of one wait for the log to grow.
PATIENCE = 3600.0

app = App(name="events", help="The event log, a JSON line each.")


@Parameter(name="*")
class Chosen:
    """Which events; all given conditions must match. since, until: RFC 3339, until itself left out."""

    def __init__(
        self,
        *,
        tenant: str = "",
        kind: str = "",
        recipient: str = "",
        campaign: str = "",
        tag: str = "",
        message: str = "",
        stream: str = "",
        since: str = "",
        until: str = "",
    ) -> None:
        self.filter = EventFilter(
            tenant=tenant_id(tenant) if tenant else "",
            kind=kind,
            recipient=recipient,
            campaign=campaign,
            tag=tag,
            message=message_id(message)[0] if message else 0,
            stream=stream,
            since=moment(since, "--since"),
            until=moment(until, "--until"),
        )


@app.default
def events(chosen: Chosen | None = None, *, follow: bool = False, after: int = 0, limit: int = 0) -> None:
    """Print events in log order.

    Parameters
    ----------
    follow
        Go on printing as events come, also while the service stops and starts again.
    after
        Only events after this cursor, the "cursor" of a line printed before.
    limit
        Stop after this many; 0 = all.
    """
    selection = chosen.filter if chosen else EventFilter()
    run(_follow(selection, after, limit) if follow else _print(selection, after, limit))


@app.command
def export(chosen: Chosen | None = None, *, after: int = 0) -> None:
    """Print all events there are now, with a progress bar when somebody is there to see it."""
    run(_export(chosen.filter if chosen else EventFilter(), after))


async def _print(selection: EventFilter, after: int, limit: int) -> None:
    async with store() as opened:
        await opened.spool.flush()
        await _write(opened.history, selection, after, limit)


async def _export(selection: EventFilter, after: int) -> None:
    async with store() as opened:
        await opened.spool.flush()
        first = max(after, await opened.history.pruned())
        with counted("events", await opened.history.position() - first) as reached:
            await _write(opened.history, selection, after, 0, lambda cursor: reached(cursor - first))


async def _write(
    history: History, selection: EventFilter, cursor: int, limit: int, reached: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """Print events after a cursor up to where the log ends now; return where that is, and how many are left to print.

    limit: 0 = all.
    """
    await _warn(history, cursor)
    end, left = await history.position(), limit
    while cursor < end and (left or not limit):
        look = await history.stretch(cursor, min(left or PAGE, PAGE), selection)
        for place, event in look.items:
            line = {"cursor": place, **shapes.event(event)}
            sys.stdout.write(f"{msgspec.json.encode(line).decode()}\n")
        cursor = look.upto
        left -= len(look.items) if limit else 0
        reached(cursor)
    sys.stdout.flush()
    return cursor, left


async def _follow(selection: EventFilter, cursor: int, limit: int) -> None:
    """Read the file itself: the service may go and come back meanwhile, and no event leads past another."""
    from estafette.events.arrivals import Arrivals
    from estafette.store.open import open_history

    history = open_history(call.settings.store.url)
    arrivals = Arrivals(history)
    try:
        while True:
            cursor, left = await _write(history, selection, cursor, limit)
            if limit and not left:
                return
            limit = left
            await arrivals.beyond(cursor, PATIENCE)
    finally:
        await history.close()


async def _warn(history: History, after: int) -> None:
    if 0 < after < (removed := await history.pruned()):
        print(f"events after {after} and up to {removed} were removed by retention.events", file=sys.stderr)
