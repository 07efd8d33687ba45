"""``/v1/audit``: who did what, when and from where, and what it was before and after."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.tenancy import audit
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import StrictRoute
from estafette.web.services import Services


class AuditResource(BaseModel):
    """An act. before, after: the fields that changed, null where there is no such state; never a secret."""

    at: str | None
    actor: str = Field(examples=["user:anna@company.example"])
    action: str = Field(examples=["credential.create"])
    tenant: str
    subject: str
    detail: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str


def router(services: Services) -> APIRouter:
    """Return the route of the resource."""
    routes = APIRouter(prefix="/audit", tags=["audit"], route_class=StrictRoute)
    reader = May(services, "audit")

    @routes.get("")
    async def list_audit(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        actor: Annotated[str, Query(max_length=300)] = "",
        action: Annotated[str, Query(max_length=64, description="Whole, or the part before its first dot")] = "",
    ) -> Listed[AuditResource]:
        """Return what was done, the newest first."""
        found: Any = await caller.run(audit.list_all, tenant=caller.tenant, page=wanted, actor=actor, action=action)
        return Listed[AuditResource].model_validate(found)

    return routes
