"""``/v1/packs``: units that a tenant bought ahead."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from estafette.tenancy import packs, plans
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed
from estafette.web.api.plans import Amount
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewPack(Body):
    """A pack to add."""

    units: int = Field(ge=1, le=plans.MOST)
    price: Amount = "0"
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    note: str = Field(default="", max_length=200)


class PackResource(BaseModel):
    """A pack. left: units of it that are not used yet."""

    id: str
    tenant: str
    units: int
    left: int
    price: str
    currency: str
    note: str
    created: str | None


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/packs", tags=["packs"], route_class=StrictRoute)
    reader, seller = May(services, "billing", tenant_needed=True), May(services, "plans", tenant_needed=True)

    @routes.post("", status_code=201)
    async def add_pack(body: NewPack, caller: Annotated[Caller, Depends(seller)]) -> PackResource:
        """Add a pack; it is used after the plan, and after older packs."""
        return PackResource.model_validate(await caller.run(packs.add, caller.tenant, **body.model_dump()))

    @routes.get("")
    async def list_packs(caller: Annotated[Caller, Depends(reader)]) -> Listed[PackResource]:
        """Return the packs of a tenant, oldest first."""
        found: Any = await caller.run(packs.list_all, caller.tenant)
        return Listed[PackResource].model_validate(found)

    return routes
