"""``/v1/usage``: what a tenant has used of its hour, day and month, and how long the rest will do."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from estafette.tenancy import usage
from estafette.web.api.actor import Caller, May
from estafette.web.api.strict import StrictRoute
from estafette.web.services import Services


class Counts(BaseModel):
    """Accepted recipients, their units, and from where the units were taken."""

    recipients: int
    units: int
    free: int
    plan: int
    pack: int
    overage: int
    excess: int


class StreamCounts(Counts):
    """The month of one stream."""

    stream: str


class WindowCounts(Counts):
    """A window that is open now. limit: its units, null for no limit."""

    start: str | None
    end: str | None
    limit: int | None


class Forecast(BaseModel):
    """runs_out: the day on which units are missing first at the rate of the last days, null when none will be."""

    units_a_day: int
    runs_out: str | None


class UsageResource(BaseModel):
    """The usage of a tenant. percent: of the plan's month, else of its packs."""

    tenant: str
    name: str
    plan: str
    timezone: str
    overage: str
    trust: str
    hour: WindowCounts
    day: WindowCounts
    month: WindowCounts
    streams: list[StreamCounts]
    packs_left: int
    percent: int | None
    forecast: Forecast


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/usage", tags=["usage"], route_class=StrictRoute)
    reader = May(services, "read", tenant_needed=True)

    @routes.get("")
    async def show_usage(caller: Annotated[Caller, Depends(reader)]) -> UsageResource:
        """Return the usage of a tenant now."""
        return UsageResource.model_validate(await caller.run(usage.show, caller.tenant))

    return routes
