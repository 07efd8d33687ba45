"""``/v1/events``: the log of a tenant; personal mail is told without whom it went to, except to its sender."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from estafette.base import ids
from estafette.model.event import EventKind
from estafette.store.interface.history import EventFilter
from estafette.store.interface.page import BadCursor
from estafette.web.log_view import LogView
from estafette.web.privacy import Privacy, Viewer, viewing
from estafette.web.problems import Problem
from estafette.web.services import Services

NDJSON = "application/x-ndjson"
#: Seconds that a caller may wait for an event at most.
LONGEST_WAIT = 30
_AFTER = "`cursor` of an event, or of the answer before, as it was given; nothing or 0 begins with the oldest"
_WAIT = "Seconds to wait for an event when there is none"
_LIMIT = "Most events to return; as NDJSON all there are, when it is not given"
_Text = Annotated[str, Query(max_length=320)]


class _Wanted(msgspec.Struct, frozen=True):
    """What was asked for. limit: None = as the form of the answer has it."""

    selection: EventFilter
    after: int
    limit: int | None
    wait: int


def _wanted(
    after: Annotated[str, Query(max_length=19, pattern="^[0-9]*$", description=_AFTER)] = "",
    limit: Annotated[int | None, Query(ge=1, le=1000, description=_LIMIT)] = None,
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description=_WAIT)] = 0,
    kind: EventKind | Literal[""] = "",
    recipient: _Text = "",
    campaign: _Text = "",
    tag: _Text = "",
    message: Annotated[str, Query(max_length=13, description="Id of a message")] = "",
    stream: _Text = "",
    since: Annotated[AwareDatetime | None, Query(description="Of the event, RFC 3339")] = None,
    until: Annotated[AwareDatetime | None, Query(description="The first moment that is left out")] = None,
) -> _Wanted:
    if int(after or 0) >> 63:
        raise BadCursor("after is no cursor; give back what an answer had as cursor")
    chosen = EventFilter(
        kind=kind, recipient=recipient, campaign=campaign, tag=tag, message=_number(message), stream=stream,
        since=since.timestamp() if since else 0.0, until=until.timestamp() if until else 0.0,
    )  # fmt: skip
    return _Wanted(chosen, int(after or 0), limit, wait)


def _number(message: str) -> int:
    try:
        return ids.read(message) if message else 0
    except ValueError as error:
        raise Problem(422, "invalid", f"message: {error}", "give the id of a message", field="message") from None


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/events", tags=["events"])
    privacy = Privacy(services)
    content = {NDJSON: {"schema": {"type": "string"}}}
    forms: dict[int | str, dict[str, Any]] = {200: {"description": "The log", "content": content}}

    @routes.get("", response_model=None, responses=forms)
    async def events(
        request: Request,
        viewer: Annotated[Viewer, Depends(viewing(services))],
        wanted: Annotated[_Wanted, Depends(_wanted)],
    ) -> dict[str, Any] | StreamingResponse:
        """Return events in log order; ``cursor`` is where to go on, ``next`` the same while there are more by now.

        ``missed``: retention has removed events after the cursor. With ``Accept: application/x-ndjson`` the answer is
        an event a line, to the end of the log.
        """
        selection = msgspec.structs.replace(wanted.selection, tenant=viewer.tenant)
        view = LogView(services.history, privacy, viewer, selection)
        missed = await view.missed(wanted.after)
        if NDJSON in request.headers.get("accept", ""):
            lines = _lines(view, wanted, await services.history.position())
            return StreamingResponse(lines, media_type=NDJSON, headers={"Estafette-Missed": str(missed).lower()})
        page = await view.page(wanted.after, wanted.limit or 100)
        if wanted.wait and not page.items and not page.more:
            page = await view.wait(services.arrivals, page, wanted.limit or 100, wanted.wait)
        cursor = str(page.upto)
        return {"items": page.items, "next": cursor if page.more else None, "cursor": cursor, "missed": missed}

    return routes


async def _lines(view: LogView, wanted: _Wanted, end: int) -> AsyncIterator[bytes]:
    """Write events up to where the log ended when this was asked, a page in memory at a time."""
    cursor, left = wanted.after, wanted.limit
    while cursor < end:
        page = await view.page(cursor, 500 if left is None else min(left, 500))
        if page.items:
            yield b"".join(msgspec.json.encode(item) + b"\n" for item in page.items)
        if left is not None:
            left -= len(page.items)
            if not left:
                return
        cursor = page.upto
