"""``/v1/paces``: streams that a rule or the operator has slowed, and why."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from estafette.tenancy import paces
from estafette.tenancy.paces import FASTEST, LONGEST
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewPace(Body):
    """Which stream to slow, and how much. hours: 0 = until it is lifted."""

    stream: str = Field(min_length=1, max_length=64)
    per_hour: int = Field(ge=1, le=FASTEST)
    site: str = Field(default="", max_length=255)
    hours: int = Field(default=0, ge=0, le=LONGEST)
    reason: str = Field(default="", max_length=1000)


class Lifting(Body):
    """How a stream goes on."""

    full: bool = Field(default=False, description="At full speed at once, not at half speed for a day")


class PaceResource(BaseModel):
    """A slowed stream: rule, figures, speed, until when, and the way back."""

    id: str
    tenant: str
    what: str
    stream: str
    site: str
    rule: str
    why: str
    per_hour: int
    usual_per_hour: int | None
    numbers: dict[str, str]
    way_back: str
    created: str | None
    until: str | None
    ended: str | None
    ended_by: str


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/paces", tags=["paces"], route_class=StrictRoute)
    reader, operator = May(services, "read", tenant_needed=True), May(services, "trust", tenant_needed=True)

    @routes.post("", status_code=201)
    async def add_pace(body: NewPace, caller: Annotated[Caller, Depends(operator)]) -> PaceResource:
        """Slow a stream, to one site or everywhere."""
        made = await caller.run(paces.create, caller.tenant, **body.model_dump())
        return PaceResource.model_validate(made)

    @routes.get("")
    async def list_paces(
        caller: Annotated[Caller, Depends(reader)],
        ended: Annotated[bool, Query(description="Those that are over, too")] = False,
    ) -> Listed[PaceResource]:
        """Return what is slowed, newest first."""
        found: Any = await caller.run(paces.list_all, tenant=caller.tenant, ended=ended)
        return Listed[PaceResource].model_validate(found)

    @routes.get("/{pace}")
    async def show_pace(pace: str, caller: Annotated[Caller, Depends(reader)]) -> PaceResource:
        """Return one pace."""
        found = await caller.run(paces.show, pace, tenant=caller.tenant)
        return PaceResource.model_validate(found)

    @routes.post("/{pace}/lift")
    async def lift_pace(pace: str, body: Lifting, caller: Annotated[Caller, Depends(operator)]) -> PaceResource:
        """End a pace; what the firewall slowed goes on at half speed for a day."""
        found = await caller.run(paces.lift, pace, tenant=caller.tenant, full=body.full)
        return PaceResource.model_validate(found)

    return routes
