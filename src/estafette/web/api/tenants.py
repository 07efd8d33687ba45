"""``/v1/tenants``: organisations that send; an agency's clients are tenants with a parent."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.tenancy import tenants
from estafette.web.api.actor import ANYONE, Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewTenant(Body):
    """A tenant to make."""

    name: str = Field(min_length=1, max_length=63, examples=["Acme"])
    plan: str = Field(default="", max_length=255)
    parent: str = Field(default="", max_length=64, description="The agency whose client it is, by id or name")
    trust: Literal["full", "ramp"] = Field(default="ramp", description="ramp: a limit that grows day by day")
    language: Literal["", "en", "fr"] = Field(default="", description="Of letters and notices; empty: the service's")


class TenantChange(Body):
    """What to change; what is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=63)
    identity: str | None = Field(default=None, max_length=1000, description="Who sends, for the foot of newsletters")
    postal_address: str | None = Field(default=None, max_length=1000)
    plan: str | None = Field(default=None, max_length=255, description="Operators only")
    show_id: bool | None = Field(default=None, description="Put X-Estafette-Id on the wire")
    queued_limit: int | None = Field(
        default=None, ge=-1, le=1 << 53, description="Recipients that may wait at once, -1 = any; operators only"
    )
    timezone: str | None = Field(default=None, min_length=1, max_length=64, examples=["Europe/Paris"])
    overage: Literal["stop", "bill"] | None = Field(default=None, description="What happens beyond the plan")
    alert_to: str | None = Field(default=None, max_length=320, description="Who is told before the plan runs out")
    trust: Literal["full", "ramp"] | None = Field(default=None, description="Operators only")
    language: Literal["", "en", "fr"] | None = Field(default=None, description="Of letters and notices")
    tracking: Literal["off", "aggregate", "consented", "individual"] | None = Field(
        default=None, description="The most that any of its streams may measure"
    )


class Suspension(Body):
    """Why mail is no longer taken."""

    reason: str = Field(min_length=1, max_length=1000, examples=["unpaid"])


class TenantResource(BaseModel):
    """A tenant."""

    id: str = Field(examples=["0A1B2C3D4E5F6"])
    name: str = Field(examples=["Acme"])
    status: Literal["active", "suspended"]
    reason: str
    plan: str
    identity: str
    postal_address: str
    show_id: bool
    created: str | None = Field(examples=["2026-01-31T12:00:00Z"])
    queued_limit: int | None
    timezone: str
    anchor: str | None
    overage: str
    alert_to: str
    trust: str
    parent: str
    language: str = Field(description="Of letters and notices to its people; empty: the service's")
    tracking: Literal["off", "aggregate", "consented", "individual"]
    streams: list[str] = Field(examples=[["personal", "transactional", "bulk"]])
    version: int


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/tenants", tags=["tenants"], route_class=StrictRoute)
    operator, mine = May(services, "tenants"), May(services, ANYONE)
    reader = May(services, "read")

    @routes.post("", status_code=201)
    async def create_tenant(
        body: NewTenant, response: Response, caller: Annotated[Caller, Depends(operator)]
    ) -> TenantResource:
        """Make a tenant, or the client of an agency; what it sends may grow day by day unless it starts trusted."""
        made = await caller.run(tenants.create, **body.model_dump())
        return tagged(TenantResource, made, response)

    @routes.get("")
    async def list_tenants(
        caller: Annotated[Caller, Depends(mine)],
        wanted: Annotated[Page, Depends(page)],
        parent: Annotated[str, Query(max_length=64)] = "",
        status: Annotated[Literal["", "active", "suspended"], Query()] = "",
    ) -> Listed[TenantResource]:
        """Return the tenants that the caller belongs to, oldest first; an operator sees all."""
        within = None if caller.actor.runs_service else set(caller.actor.roles)
        found: Any = await caller.run(tenants.list_all, page=wanted, within=within, parent=parent, status=status)
        return Listed[TenantResource].model_validate(found)

    @routes.get("/{tenant}")
    async def show_tenant(response: Response, caller: Annotated[Caller, Depends(reader)]) -> TenantResource:
        """Return one tenant."""
        return tagged(TenantResource, await caller.run(tenants.show, caller.tenant), response)

    _acts(routes, operator, May(services, "tenant", strict=True))
    return routes


def _acts(routes: APIRouter, operator: May, changer: May) -> None:
    @routes.patch("/{tenant}")
    async def update_tenant(
        body: TenantChange, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> TenantResource:
        """Change what is given."""
        given = body.model_dump(exclude_unset=True)
        given["new_name"] = given.pop("name", None)
        return tagged(TenantResource, await caller.run(tenants.update, caller.tenant, **given), response)

    @routes.post("/{tenant}/suspend")
    async def suspend_tenant(
        body: Suspension, response: Response, caller: Annotated[Caller, Depends(operator)]
    ) -> TenantResource:
        """Take no more mail from a tenant; what waits still leaves."""
        return tagged(TenantResource, await caller.run(tenants.suspend, caller.tenant, body.reason), response)

    @routes.post("/{tenant}/resume")
    async def resume_tenant(response: Response, caller: Annotated[Caller, Depends(operator)]) -> TenantResource:
        """Take mail again."""
        return tagged(TenantResource, await caller.run(tenants.resume, caller.tenant), response)
