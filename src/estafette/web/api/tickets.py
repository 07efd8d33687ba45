"""``/v1/tickets``: what people wrote to ``abuse@`` and ``postmaster@`` of a tenant's domains, and of the service."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from estafette.model.ticket import TicketState
from estafette.store.interface.page import Page
from estafette.tenancy import tickets
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class Closing(Body):
    """What was done."""

    note: str = Field(default="", max_length=tickets.LONGEST_NOTE, examples=["Unsubscribed by hand, answered."])


class TicketResource(BaseModel):
    """A ticket. tenant: "" = of the service. times: like mail of a day is one ticket. about: the message it is about.

    All words but ``closed_by`` and ``note`` are a stranger's.
    """

    id: str
    tenant: str
    state: TicketState
    address: str
    sender: str
    author: str
    subject: str
    text: str
    received: str | None
    last: str | None
    times: int
    about: str | None
    source: str
    closed: str | None
    closed_by: str
    note: str


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/tickets", tags=["tickets"], route_class=StrictRoute)
    keeper = May(services, "tickets")

    @routes.get("")
    async def list_tickets(
        caller: Annotated[Caller, Depends(keeper)],
        wanted: Annotated[Page, Depends(page)],
        state: Annotated[TicketState | None, Query()] = None,
    ) -> Listed[TicketResource]:
        """Return tickets, newest first; whoever runs the service and names no tenant sees all."""
        found: Any = await caller.run(tickets.list_all, caller.tenant, state=state, page=wanted)
        return Listed[TicketResource].model_validate(found)

    @routes.get("/{ticket}")
    async def show_ticket(ticket: str, caller: Annotated[Caller, Depends(keeper)]) -> TicketResource:
        """Return one ticket."""
        return TicketResource.model_validate(await caller.run(tickets.show, ticket, tenant=caller.tenant))

    @routes.post("/{ticket}/close")
    async def close_ticket(ticket: str, body: Closing, caller: Annotated[Caller, Depends(keeper)]) -> TicketResource:
        """Say that somebody has seen to it."""
        done = await caller.run(tickets.close, ticket, note=body.note, tenant=caller.tenant)
        return TicketResource.model_validate(done)

    @routes.post("/{ticket}/reopen")
    async def reopen_ticket(ticket: str, caller: Annotated[Caller, Depends(keeper)]) -> TicketResource:
        """Take back that it is closed."""
        return TicketResource.model_validate(await caller.run(tickets.reopen, ticket, tenant=caller.tenant))

    return routes
