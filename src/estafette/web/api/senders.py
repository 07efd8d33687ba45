"""``/v1/senders``: single addresses of domains that nobody here has proved."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.tenancy import senders
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewSender(Body):
    """An address to add; it gets a letter with a link to press."""

    address: str = Field(min_length=3, max_length=320, examples=["anna@provider.example"])


class SenderResource(BaseModel):
    """An address that may send, once its link was pressed."""

    id: str
    tenant: str
    address: str
    status: Literal["pending", "verified"]
    created: str | None
    link_until: str | None
    verified: str | None
    warning: str
    version: int


class RemovedSender(BaseModel):
    """An address that may not send any more."""

    address: str
    tenant: str
    removed: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/senders", tags=["senders"], route_class=StrictRoute)
    listed, reader = May(services, "read"), May(services, "read", tenant_needed=True)
    changer = May(services, "domains", tenant_needed=True)

    @routes.post("", status_code=201)
    async def add_sender(
        body: NewSender, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> SenderResource:
        """Add an address and mail it a link."""
        return tagged(SenderResource, await caller.run(senders.add, caller.tenant, body.address), response)

    @routes.get("")
    async def list_senders(
        caller: Annotated[Caller, Depends(listed)],
        wanted: Annotated[Page, Depends(page)],
        status: Annotated[Literal["", "pending", "verified"], Query()] = "",
    ) -> Listed[SenderResource]:
        """Return addresses, oldest first."""
        found: Any = await caller.run(senders.list_all, caller.tenant, page=wanted, status=status)
        return Listed[SenderResource].model_validate(found)

    @routes.get("/{sender}")
    async def show_sender(
        sender: str, response: Response, caller: Annotated[Caller, Depends(reader)]
    ) -> SenderResource:
        """Return one address, by itself or by id."""
        return tagged(SenderResource, await caller.run(senders.show, sender, tenant=caller.tenant), response)

    @routes.post("/{sender}/resend")
    async def resend_link(
        sender: str, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> SenderResource:
        """Mail a new link, which replaces the one before."""
        return tagged(SenderResource, await caller.run(senders.resend, sender, tenant=caller.tenant), response)

    @routes.delete("/{sender}")
    async def remove_sender(sender: str, caller: Annotated[Caller, Depends(changer)]) -> RemovedSender:
        """Take an address back."""
        return RemovedSender.model_validate(await caller.run(senders.remove, sender, tenant=caller.tenant))

    return routes
