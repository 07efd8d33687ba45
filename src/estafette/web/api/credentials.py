"""``/v1/credentials``: what lets an employee or an application in, and why log-ins failed."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.tenancy import credentials, failures
from estafette.tenancy.bounds import Bounds
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services

Headers = Literal["", "mailjet", "brevo", "turbosmtp"]
Number = Annotated[int | None, Field(default=None, ge=-1, lt=1 << 31, description="-1 lifts the limit")]
Texts = Annotated[list[Annotated[str, Field(max_length=320)]] | None, Field(default=None, max_length=1000)]


class _Limits(Body):
    message_recipients: Number
    per_minute: Number
    per_hour: Number
    per_day: Number
    expires: str | None = Field(default=None, max_length=40, description="RFC 3339; empty lifts it")
    recipients: Texts
    only_from: Texts
    headers: Headers | None = Field(default=None, description="Service whose header fields its programs write")

    def bounds(self) -> Bounds:
        """Return the limits that were given."""
        return Bounds(**{name: getattr(self, name) for name in Bounds.__struct_fields__})


class NewCredential(_Limits):
    """A credential to make."""

    name: str = Field(default="", max_length=255, examples=["Newsletter server"])
    username: str = Field(
        default="", max_length=255, description="An address of a verified domain; empty: one is made up"
    )
    stream: str = Field(default="transactional", max_length=64)
    senders: Texts
    networks: Texts


class CredentialChange(_Limits):
    """What to change; what is left out stays."""

    name: str | None = Field(default=None, max_length=255)
    stream: str | None = Field(default=None, max_length=64)
    senders: Texts
    networks: Texts


class CredentialResource(BaseModel):
    """A credential, without its secrets."""

    id: str = Field(examples=["0A1B2C3D4E5F6"])
    tenant: str
    name: str
    username: str = Field(examples=["anna@company.example"])
    stream: str
    senders: list[str] = Field(description="Addresses and domains it may use; empty = every verified domain")
    networks: list[str] = Field(description="Source ranges that need no password")
    created: str | None
    revoked: str | None
    message_recipients: int | None
    per_minute: int | None
    per_hour: int | None
    per_day: int | None
    expires: str | None
    recipients: list[str] = Field(description="Whom alone it may write to; empty = anybody")
    only_from: list[str] = Field(description="Networks from which alone it may log in; empty = any")
    headers: Headers = Field(description="Service whose header fields are understood and removed; empty = ours only")
    last_used: str | None
    last_address: str
    version: int


class MadeCredential(CredentialResource):
    """A credential with its secrets, which are shown this once."""

    password: str
    api_key: str


class LoginFailureResource(BaseModel):
    """Failed log-ins of one user name from one address for one reason."""

    tenant: str
    username: str
    address: str
    reason: str = Field(examples=["spaces_around_secret"])
    explanation: str
    first: str | None
    last: str | None
    count: int


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/credentials", tags=["credentials"], route_class=StrictRoute)
    _resources(routes, services)
    _acts(routes, services)
    return routes


def _resources(routes: APIRouter, services: Services) -> None:
    reader, maker = May(services, "read"), May(services, "credentials")
    creator = May(services, "credentials", tenant_needed=True)

    @routes.post("", status_code=201)
    async def create_credential(
        body: NewCredential, response: Response, caller: Annotated[Caller, Depends(creator)]
    ) -> MadeCredential:
        """Make a credential; its password and API key are in this answer and nowhere else."""
        made = await caller.run(
            credentials.create, caller.tenant, name=body.name, username=body.username, stream=body.stream,
            senders=body.senders or (), networks=body.networks or (), limits=body.bounds(),
        )  # fmt: skip
        return tagged(MadeCredential, made, response)

    @routes.get("")
    async def list_credentials(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        stream: Annotated[str, Query(max_length=64)] = "",
        revoked: Annotated[bool | None, Query(description="Only ended ones, or only good ones")] = None,
    ) -> Listed[CredentialResource]:
        """Return credentials, oldest first."""
        found: Any = await caller.run(credentials.list_all, caller.tenant, page=wanted, stream=stream, revoked=revoked)
        return Listed[CredentialResource].model_validate(found)

    @routes.get("/failures")
    async def list_login_failures(
        caller: Annotated[Caller, Depends(maker)],
        wanted: Annotated[Page, Depends(page)],
        username: Annotated[str, Query(max_length=255)] = "",
    ) -> Listed[LoginFailureResource]:
        """Return failed log-ins with their reasons, the latest first."""
        found: Any = await caller.run(failures.list_all, caller.tenant, page=wanted, username=username)
        return Listed[LoginFailureResource].model_validate(found)

    @routes.get("/{credential}")
    async def show_credential(
        credential: str, response: Response, caller: Annotated[Caller, Depends(reader)]
    ) -> CredentialResource:
        """Return one credential, by id or user name."""
        found = await caller.run(credentials.show, credential, tenant=caller.tenant)
        return tagged(CredentialResource, found, response)


def _acts(routes: APIRouter, services: Services) -> None:
    maker, changer = May(services, "credentials"), May(services, "credentials", strict=True)

    @routes.patch("/{credential}")
    async def update_credential(
        credential: str, body: CredentialChange, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> CredentialResource:
        """Change what is given."""
        changed = await caller.run(
            credentials.update, credential, tenant=caller.tenant, new_name=body.name, stream=body.stream,
            senders=body.senders, networks=body.networks, limits=body.bounds(),
        )  # fmt: skip
        return tagged(CredentialResource, changed, response)

    @routes.post("/{credential}/rotate")
    async def rotate_credential(
        credential: str, response: Response, caller: Annotated[Caller, Depends(maker)]
    ) -> MadeCredential:
        """Give it a new password and API key, shown once; the old ones end within five seconds."""
        return tagged(MadeCredential, await caller.run(credentials.rotate, credential, tenant=caller.tenant), response)

    @routes.post("/{credential}/revoke")
    async def revoke_credential(
        credential: str, response: Response, caller: Annotated[Caller, Depends(maker)]
    ) -> CredentialResource:
        """End it; open sessions notice within five seconds."""
        ended = await caller.run(credentials.revoke, credential, tenant=caller.tenant)
        return tagged(CredentialResource, ended, response)
