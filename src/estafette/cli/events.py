"""``estafette events``: the event log, a JSON line each."""

from __future__ import annotations

import json

from estafette.cli.opening import run, store, tenant_id
from estafette.store.interface.history import EventFilter
from estafette.web import shapes

PAUSE = 0.5
PAGE = 1000


def events(*, follow: bool = False, after: int = 0, tenant: str = "", kind: str = "", limit: int = 0) -> None:
    """Print events in log order.

    Parameters
    ----------
    follow
        Go on printing as events come.
    after
        Only events after this cursor, the "cursor" of a line printed before.
    tenant
        Only events of this tenant.
    kind
        Only events of this kind.
    limit
        Stop after this many; 0 = all.
    """
    run(_print(EventFilter(tenant=tenant_id(tenant) if tenant else "", kind=kind), after, follow=follow, limit=limit))


async def _print(selection: EventFilter, cursor: int, *, follow: bool, limit: int) -> None:
    import asyncio

    printed = 0
    async with store() as opened:
        while True:
            page = await opened.history.after(cursor, PAGE, selection)
            for place, event in page:
                print(json.dumps({"cursor": place, **shapes.event(event)}, ensure_ascii=False), flush=follow)
                cursor, printed = place, printed + 1
                if limit and printed >= limit:
                    return
            if not page and not follow:
                return
            if not page:
                await asyncio.sleep(PAUSE)
