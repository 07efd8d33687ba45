"""``/v1/invitations``: mailed links that make their readers members of a tenant."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from estafette.model.user import Role
from estafette.store.interface.page import Page
from estafette.tenancy import invitations
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed, page
from estafette.web.api.session import OPEN, guessed, visitor
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewInvitation(Body):
    """Whom to invite as what."""

    email: str = Field(max_length=320, examples=["anna@company.example"])
    role: Role
    language: Literal["en", "fr"] | None = Field(default=None, description="By default the tenant's")


class Acceptance(Body):
    """A mailed link's token; who is new here chooses a password."""

    token: str = Field(max_length=100)
    name: str = Field(default="", max_length=255)
    password: str = Field(default="", max_length=512)


class InvitationResource(BaseModel):
    """An invitation, without its link."""

    id: str
    tenant: str
    email: str
    role: str
    by: str = Field(examples=["user:owner@company.example"])
    language: str
    status: Literal["pending", "accepted", "revoked", "expired"]
    created: str | None
    expires: str | None
    accepted: str | None
    revoked: str | None
    version: int


class Accepted(BaseModel):
    """Who became a member of what."""

    user: str
    email: str
    tenant: str
    role: str


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/invitations", tags=["invitations"], route_class=StrictRoute)
    keeper = May(services, "people", tenant_needed=True)

    @routes.post("", status_code=201)
    async def create_invitation(
        body: NewInvitation, response: Response, caller: Annotated[Caller, Depends(keeper)]
    ) -> InvitationResource:
        """Invite somebody by mail, to a role that holds no more than the caller's."""
        made = await caller.run(
            invitations.create, caller.tenant, body.email, body.role, language=body.language
        )  # fmt: skip
        return tagged(InvitationResource, made, response)

    @routes.get("")
    async def list_invitations(
        caller: Annotated[Caller, Depends(keeper)], wanted: Annotated[Page, Depends(page)]
    ) -> Listed[InvitationResource]:
        """Return invitations, oldest first, used and ended ones too."""
        found: Any = await caller.run(invitations.list_all, caller.tenant, page=wanted)
        return Listed[InvitationResource].model_validate(found)

    @routes.get("/{invitation}")
    async def show_invitation(
        invitation: str, response: Response, caller: Annotated[Caller, Depends(keeper)]
    ) -> InvitationResource:
        """Return one invitation."""
        return tagged(InvitationResource, await caller.run(invitations.show, caller.tenant, invitation), response)

    @routes.delete("/{invitation}")
    async def revoke_invitation(
        invitation: str, response: Response, caller: Annotated[Caller, Depends(keeper)]
    ) -> InvitationResource:
        """End an invitation that was not accepted."""
        return tagged(InvitationResource, await caller.run(invitations.revoke, caller.tenant, invitation), response)

    return routes


def acceptance(services: Services) -> APIRouter:
    """Return the route for whoever got the letter; the same as the page on ``public``."""
    routes = APIRouter(tags=["invitations"], route_class=StrictRoute)

    @routes.post("/invitations/accept", openapi_extra=OPEN)
    async def accept_invitation(body: Acceptance, request: Request) -> Accepted:
        """Accept with a mailed link's token."""
        office = visitor(services, request)
        done = await guessed(
            services, request,
            lambda: invitations.accept(office, body.token, name=body.name, password=body.password),
        )  # fmt: skip
        return Accepted.model_validate(done)

    return routes
