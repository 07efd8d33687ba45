"""``/v1/looks``: an owner breaks the glass over the personal mail of one credential."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from estafette.tenancy import looks
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewLook(Body):
    """Whose mail, and why; the sender is told both."""

    credential: str = Field(min_length=1, max_length=255, description="By id or user name")
    reason: str = Field(min_length=10, max_length=1000, examples=["Court order 12/345, our lawyer asked"])
    hours: int = Field(default=1, ge=1, le=looks.LONGEST)


class LookResource(BaseModel):
    """A look at personal mail."""

    id: str
    tenant: str
    credential: str
    by: str
    reason: str
    created: str | None
    until: str | None
    open: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/looks", tags=["looks"], route_class=StrictRoute)
    owner, auditor = May(services, "break_glass", tenant_needed=True), May(services, "audit", tenant_needed=True)

    @routes.post("", status_code=201)
    async def open_look(body: NewLook, caller: Annotated[Caller, Depends(owner)]) -> LookResource:
        """Break the glass: only an owner, as a person; told to the sender, written down, over by itself."""
        made = await caller.run(looks.create, caller.tenant, body.credential, body.reason, hours=body.hours)
        return LookResource.model_validate(made)

    @routes.get("")
    async def list_looks(caller: Annotated[Caller, Depends(auditor)]) -> Listed[LookResource]:
        """Return the looks, newest first."""
        found: Any = await caller.run(looks.list_all, caller.tenant)
        return Listed[LookResource].model_validate(found)

    @routes.delete("/{look}")
    async def close_look(look: str, caller: Annotated[Caller, Depends(owner)]) -> LookResource:
        """End a look before its time."""
        return LookResource.model_validate(await caller.run(looks.close, caller.tenant, look))

    return routes
