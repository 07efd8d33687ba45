"""The log as one viewer sees it, page by page, however rare what is looked for."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from estafette.events.arrivals import Arrivals
from estafette.store.interface.history import EventFilter, History
from estafette.web.privacy import Privacy, Viewer

#: Looks at the log of one page: what matches is rarer than that is looked for by the next page.
LOOKS = 20
#: What is asked for by these would tell, of personal mail, what its answer hides.
_TELLING = ("recipient", "campaign", "tag")


class LogPage(msgspec.Struct, frozen=True):
    """A page. upto: the cursor to go on from. more: there is more by now; items may be empty all the same."""

    items: list[dict[str, Any]]
    upto: int
    more: bool


class LogView:
    """selection: which events, of the viewer's tenant."""

    def __init__(self, history: History, privacy: Privacy, viewer: Viewer, selection: EventFilter) -> None:
        self._history = history
        self._privacy = privacy
        self._viewer = viewer
        self._selection = selection
        self._telling = any(getattr(selection, field) for field in _TELLING)

    async def missed(self, after: int) -> bool:
        """Return whether retention has removed events behind a cursor; nobody misses what was gone at the start."""
        return 0 < after < await self._history.pruned()

    async def page(self, after: int, limit: int) -> LogPage:
        """Return the events after a cursor."""
        for _ in range(LOOKS):
            look = await self._history.stretch(after, limit, self._selection)
            forms = await self._privacy.events(self._viewer, [event for _, event in look.items])
            items = [
                {"cursor": str(position), **form}
                for (position, _), form in zip(look.items, forms, strict=True)
                if not (self._telling and form.get("private"))
            ]
            after = look.upto
            if items or not look.more:
                break
        return LogPage(items, after, look.more)

    async def wait(self, arrivals: Arrivals, page: LogPage, limit: int, seconds: float) -> LogPage:
        """Return the first events that come after an empty page, or an empty page when none come in time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0 and await arrivals.beyond(page.upto, left):
            page = await self.page(page.upto, limit)
            if page.items:
                break
        return page
