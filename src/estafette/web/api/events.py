"""``/v1/events``: the log of a tenant; personal mail is told without whom it went to, except to its sender."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from estafette.store.interface.history import EventFilter
from estafette.web.privacy import Privacy, Viewer, viewing
from estafette.web.services import Services


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/events", tags=["events"])
    privacy = Privacy(services)

    @routes.get("")
    async def events(
        viewer: Annotated[Viewer, Depends(viewing(services))],
        after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        kind: Annotated[str, Query(max_length=40)] = "",
    ) -> dict[str, Any]:
        """Return events in log order; give ``next`` back as ``after`` to go on."""
        page = await services.history.after(after, limit, EventFilter(tenant=viewer.tenant, kind=kind))
        following = str(page[-1][0]) if len(page) == limit else None
        shown = await privacy.events(viewer, [event for _, event in page])
        items = [{"cursor": str(cursor), **form} for (cursor, _), form in zip(page, shown, strict=True)]
        return {"items": items, "next": following}

    return routes
