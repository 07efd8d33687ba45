"""``/v1/suspensions``: mail that a rule or the operator has stopped, and why."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from estafette.tenancy import suspensions
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewSuspension(Body):
    """What to stop: a stream, a credential, or with neither the whole tenant."""

    stream: str = Field(default="", max_length=64)
    credential: str = Field(default="", max_length=255)
    reason: str = Field(default="", max_length=1000)


class SuspensionResource(BaseModel):
    """A suspension: rule, figures, messages concerned, what is still allowed, how to appeal."""

    id: str
    tenant: str
    what: str
    stream: str
    credential: str
    rule: str
    why: str
    numbers: dict[str, str]
    messages: list[str]
    allowed: str
    appeal: str
    created: str | None
    mail_kept_until: str | None
    ended: str | None


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/suspensions", tags=["suspensions"], route_class=StrictRoute)
    reader, operator = May(services, "read", tenant_needed=True), May(services, "trust", tenant_needed=True)

    @routes.post("", status_code=201)
    async def add_suspension(body: NewSuspension, caller: Annotated[Caller, Depends(operator)]) -> SuspensionResource:
        """Stop a credential, a stream or a tenant; what waits is kept for 72 hours."""
        made = await caller.run(suspensions.create, caller.tenant, **body.model_dump())
        return SuspensionResource.model_validate(made)

    @routes.get("")
    async def list_suspensions(
        caller: Annotated[Caller, Depends(reader)],
        ended: Annotated[bool, Query(description="Those that were lifted, too")] = False,
    ) -> Listed[SuspensionResource]:
        """Return what is stopped, newest first."""
        found: Any = await caller.run(suspensions.list_all, tenant=caller.tenant, ended=ended)
        return Listed[SuspensionResource].model_validate(found)

    @routes.get("/{suspension}")
    async def show_suspension(suspension: str, caller: Annotated[Caller, Depends(reader)]) -> SuspensionResource:
        """Return one suspension."""
        found = await caller.run(suspensions.show, suspension, tenant=caller.tenant)
        return SuspensionResource.model_validate(found)

    _acts(routes, operator)
    return routes


def _acts(routes: APIRouter, operator: May) -> None:
    @routes.post("/{suspension}/resume")
    async def resume_suspension(suspension: str, caller: Annotated[Caller, Depends(operator)]) -> SuspensionResource:
        """Lift a suspension; its mail leaves."""
        found = await caller.run(suspensions.resume, suspension, tenant=caller.tenant)
        return SuspensionResource.model_validate(found)

    @routes.post("/{suspension}/release")
    async def release_suspension(suspension: str, caller: Annotated[Caller, Depends(operator)]) -> SuspensionResource:
        """Let its waiting mail leave; the suspension stays, and nothing new is taken."""
        found = await caller.run(suspensions.release, suspension, tenant=caller.tenant)
        return SuspensionResource.model_validate(found)

    @routes.post("/{suspension}/purge")
    async def purge_suspension(suspension: str, caller: Annotated[Caller, Depends(operator)]) -> SuspensionResource:
        """Cancel its mail now, with an event for each recipient; the suspension stays."""
        found = await caller.run(suspensions.purge, suspension, tenant=caller.tenant)
        return SuspensionResource.model_validate(found)
