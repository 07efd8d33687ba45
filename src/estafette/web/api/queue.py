"""``/v1/queue``: what of the caller's tenant waits, and why."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from estafette.base import ids
from estafette.model.rule import Filter
from estafette.relay import lane_report
from estafette.store.open import folder_of
from estafette.web import shapes
from estafette.web.privacy import Privacy, Viewer, hidden_row, viewing
from estafette.web.problems import Problem
from estafette.web.services import Services


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/queue", tags=["queue"])
    privacy = Privacy(services)

    @routes.get("")
    async def queue(
        viewer: Annotated[Viewer, Depends(viewing(services))],
        domain: Annotated[str, Query(max_length=255)] = "",
        campaign: Annotated[str, Query(max_length=255)] = "",
        recipient: Annotated[str, Query(max_length=320)] = "",
        after: Annotated[str, Query(max_length=24)] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> dict[str, Any]:
        """Return one page of waiting recipients, each with why it waits, by which rule, until when."""
        selection = Filter(tenant=viewer.tenant, domain=domain.lower(), campaign=campaign, recipient=recipient)
        page = await services.spool.find(selection, after=_key(after), limit=limit)
        rules = list(await services.spool.rules())
        now = services.clock.now()
        lanes = lane_report.read(folder_of(services.settings.store.url), now)
        seen = await privacy.deliveries(viewer, page.items)
        items = []
        for row, visible in zip(page.items, seen, strict=True):
            waiting = shapes.waiting(row, rules, now, lanes)
            if visible is not None:
                items.append({**shapes.delivery(row), "waiting": waiting})
            elif not (domain or campaign or recipient):
                # Whoever asks for an address must not learn from the answer that somebody writes to it.
                items.append(hidden_row(row, waiting))
        return {"items": items, "next": shapes.recipient_id(*page.next) if page.next else None}

    return routes


def _key(after: str) -> tuple[int, int] | None:
    if not after:
        return None
    message, _, number = after.partition(".")
    try:
        return ids.read(message), int(number or 0)
    except ValueError:
        raise Problem(422, "invalid_cursor", "after is no cursor", "use next of the page before") from None
