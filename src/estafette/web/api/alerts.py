"""``/v1/alerts``: what was far from a tenant's own past, an episode each; the tenant is written to once for each."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from estafette.model.anomaly import AnomalyKind
from estafette.reporting import alerts
from estafette.store.interface.page import Page
from estafette.web.api.actor import Caller, May
from estafette.web.api.insight import Spoken
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import StrictRoute
from estafette.web.services import Services


class Figures(BaseModel):
    """What one look found. base, share, chance: of a share; least, most: of a volume. Shares are fractions."""

    until: str | None
    hours: int
    events: int
    base: int | None
    share: float | None
    usual: float
    chance: float | None
    least: int | None
    most: int | None


class AlertResource(BaseModel):
    """An episode. told: when the tenant was written to. ended: null while it lasts."""

    id: str
    tenant: str
    kind: AnomalyKind
    begun: str | None
    seen: str | None
    ended: str | None
    told: str | None
    words: str
    advice: str
    first: Figures
    worst: Figures


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/alerts", tags=["alerts"], route_class=StrictRoute)
    reader = May(services, "read", tenant_needed=True)

    @routes.get("")
    async def list_alerts(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        language: Spoken,
        lasting: Annotated[bool | None, Query(description="true: those that last; false: those that are over")] = None,
    ) -> Listed[AlertResource]:
        """Return alerts, newest first."""
        found: Any = await caller.run(alerts.list_all, caller.tenant, language, lasting=lasting, page=wanted)
        return Listed[AlertResource].model_validate(found)

    return routes
