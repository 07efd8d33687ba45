"""``/v1/suppressions``: addresses that get no mail."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.tenancy import suppressions
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewSuppression(Body):
    """An address that is to get no mail."""

    address: str = Field(min_length=3, max_length=320, examples=["bob@example.net"])
    stream: str = Field(default="", max_length=64, description="Empty: on every stream")
    reason: str = Field(default="manual", min_length=1, max_length=64)


class SuppressionResource(BaseModel):
    """An entry."""

    tenant: str
    stream: str
    address: str
    reason: str
    created: str | None


class Removed(BaseModel):
    """What was removed."""

    tenant: str
    stream: str
    address: str
    removed: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/suppressions", tags=["suppressions"], route_class=StrictRoute)
    reader, changer = May(services, "read"), May(services, "suppressions", tenant_needed=True)

    @routes.post("", status_code=201)
    async def add_suppression(body: NewSuppression, caller: Annotated[Caller, Depends(changer)]) -> SuppressionResource:
        """Refuse mail to an address; an entry that is there gets the new reason."""
        added = await caller.run(suppressions.add, caller.tenant, body.address, stream=body.stream, reason=body.reason)
        return SuppressionResource.model_validate(added)

    @routes.get("")
    async def list_suppressions(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        stream: Annotated[str, Query(max_length=64)] = "",
        address: Annotated[str, Query(max_length=320)] = "",
    ) -> Listed[SuppressionResource]:
        """Return entries, by stream and address."""
        found: Any = await caller.run(suppressions.list_all, caller.tenant, page=wanted, stream=stream, address=address)
        return Listed[SuppressionResource].model_validate(found)

    @routes.delete("/{address}")
    async def remove_suppression(
        address: str,
        caller: Annotated[Caller, Depends(changer)],
        stream: Annotated[str, Query(max_length=64, description="The entry of this stream")] = "",
    ) -> Removed:
        """Let an address get mail again."""
        gone = await caller.run(suppressions.remove, caller.tenant, address, stream=stream)
        return Removed.model_validate(gone)

    return routes
