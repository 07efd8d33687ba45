"""``/v1/keys``: what programs of a tenant administer with."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.tenancy import keys
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services

Texts = Annotated[list[Annotated[str, Field(max_length=320)]], Field(max_length=1000)]


class NewKey(Body):
    """A management key to make."""

    name: str = Field(default="", max_length=255, examples=["Deployment"])
    scopes: list[Annotated[str, Field(max_length=32)]] = Field(max_length=32, examples=[["read", "credentials"]])
    only_from: Texts = Field(default=[], description="CIDR ranges that it may call from; empty = any")
    expires: str = Field(default="", max_length=40, description="RFC 3339; empty = never")
    recipients: Texts = Field(default=[], description="Test key: whom alone its credentials reach")


class KeyResource(BaseModel):
    """A management key, without its secret."""

    id: str
    tenant: str
    name: str
    scopes: list[str]
    only_from: list[str]
    recipients: list[str]
    by: str
    created: str | None
    expires: str | None
    revoked: str | None
    last_used: str | None
    last_address: str
    version: int


class MadeKey(KeyResource):
    """A key with its secret, which is shown this once."""

    key: str


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/keys", tags=["keys"], route_class=StrictRoute)
    maker = May(services, "credentials", tenant_needed=True)

    @routes.post("", status_code=201)
    async def create_key(body: NewKey, response: Response, caller: Annotated[Caller, Depends(maker)]) -> MadeKey:
        """Make a key with at most the caller's own permissions; its secret is in this answer and nowhere else."""
        made = await caller.run(
            keys.create, caller.tenant, name=body.name, scopes=body.scopes, only_from=body.only_from,
            expires=body.expires, recipients=body.recipients,
        )  # fmt: skip
        return tagged(MadeKey, made, response)

    @routes.get("")
    async def list_keys(
        caller: Annotated[Caller, Depends(maker)],
        wanted: Annotated[Page, Depends(page)],
        revoked: Annotated[bool | None, Query(description="Only ended ones, or only good ones")] = None,
    ) -> Listed[KeyResource]:
        """Return keys, oldest first."""
        found: Any = await caller.run(keys.list_all, caller.tenant, page=wanted, revoked=revoked)
        return Listed[KeyResource].model_validate(found)

    @routes.get("/{key}")
    async def show_key(key: str, response: Response, caller: Annotated[Caller, Depends(maker)]) -> KeyResource:
        """Return one key, by id."""
        return tagged(KeyResource, await caller.run(keys.show, caller.tenant, key), response)

    @routes.post("/{key}/revoke")
    async def revoke_key(key: str, response: Response, caller: Annotated[Caller, Depends(maker)]) -> KeyResource:
        """End it, at once everywhere."""
        return tagged(KeyResource, await caller.run(keys.revoke, caller.tenant, key), response)

    return routes
