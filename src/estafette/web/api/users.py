"""``/v1/users``: people of a tenant and their roles."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from estafette.model.user import Role
from estafette.store.interface.page import Page
from estafette.tenancy import users
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewUser(Body):
    """A user to make without an invitation; operators only."""

    email: str = Field(max_length=320, examples=["anna@company.example"])
    role: Role
    name: str = Field(default="", max_length=255)
    language: Literal["en", "fr"] | None = Field(default=None, description="By default the tenant's")


class UserChange(Body):
    """What to change."""

    role: Role


class UserResource(BaseModel):
    """A user as one of a tenant's people."""

    id: str
    tenant: str
    email: str = Field(examples=["anna@company.example"])
    name: str
    role: str = Field(examples=["developer"])
    totp: bool = Field(description="A second factor is set up")
    verified: str | None
    disabled: str | None
    created: str | None = Field(description="Member since")
    version: int


class MadeUser(UserResource):
    """A user with a password, shown this once; none when the user was there already."""

    password: str | None = None


class RemovedUser(BaseModel):
    """Who is no longer a member."""

    id: str
    tenant: str
    email: str
    removed: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/users", tags=["users"], route_class=StrictRoute)
    keeper = May(services, "people", tenant_needed=True)
    changer = May(services, "people", strict=True, tenant_needed=True)
    maker = May(services, "service", tenant_needed=True)

    @routes.post("", status_code=201)
    async def create_user(body: NewUser, response: Response, caller: Annotated[Caller, Depends(maker)]) -> MadeUser:
        """Make a user without an invitation; everybody else invites with POST /v1/invitations."""
        made = await caller.run(
            users.create, caller.tenant, body.email, body.role, name=body.name, language=body.language
        )
        return tagged(MadeUser, made, response)

    @routes.get("")
    async def list_users(
        caller: Annotated[Caller, Depends(keeper)],
        wanted: Annotated[Page, Depends(page)],
        role: Annotated[str, Query(max_length=16)] = "",
        email: Annotated[str, Query(max_length=320)] = "",
    ) -> Listed[UserResource]:
        """Return the users of a tenant, oldest membership first."""
        found: Any = await caller.run(users.list_all, caller.tenant, page=wanted, role=role, email=email)
        return Listed[UserResource].model_validate(found)

    @routes.get("/{user}")
    async def show_user(user: str, response: Response, caller: Annotated[Caller, Depends(keeper)]) -> UserResource:
        """Return one user, by id or address."""
        return tagged(UserResource, await caller.run(users.show, caller.tenant, user), response)

    @routes.patch("/{user}")
    async def update_user(
        user: str, body: UserChange, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> UserResource:
        """Give another role: nobody their own, and none that holds more than the caller's."""
        changed = await caller.run(users.update, caller.tenant, user, role=body.role)
        return tagged(UserResource, changed, response)

    @routes.delete("/{user}")
    async def remove_user(user: str, caller: Annotated[Caller, Depends(keeper)]) -> RemovedUser:
        """Take a user out of the tenant, at once everywhere; the last owner stays."""
        return RemovedUser.model_validate(await caller.run(users.remove, caller.tenant, user))

    return routes
