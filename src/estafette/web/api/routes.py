"""``/v1/routes``: where mail that comes to a domain goes."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.tenancy import routes as rules
from estafette.tenancy.routes import Ways, Wish
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services
from estafette.webhooks.route_hooks import of_settings
from estafette.webhooks.targets import LONGEST

WayName = Literal["forward", "webhook", "keep", "reject"]
_Pattern = Field(max_length=320, description="Of the local part; * stands for any characters", examples=["sales.*"])
_Target = Field(
    max_length=LONGEST,
    description="smtp://HOST[:PORT] or lmtp://HOST:PORT of forward, https address of webhook, words of reject",
    examples=["lmtp://mail.company.example:24"],
)


class NewRoute(Body):
    """A route to add."""

    domain: str = Field(min_length=1, max_length=255, examples=["company.example"])
    pattern: Annotated[str, _Pattern]
    way: WayName
    target: Annotated[str, _Target] = ""


class RouteChange(Body):
    """What to change; what is left out stays. Another way needs its target."""

    pattern: Annotated[str, _Pattern] | None = None
    way: WayName | None = None
    target: Annotated[str, _Target] | None = None
    new_secret: bool = Field(default=False, description="Of a webhook; the old one signs beside it for a day")


class RouteResource(BaseModel):
    """A route, without its secret."""

    id: str
    tenant: str
    domain: str = Field(examples=["company.example"])
    pattern: str = Field(examples=["sales.*"])
    way: WayName
    target: str
    created: str | None
    version: int


class MadeRoute(RouteResource):
    """A route, with the secret of its calls when that is fresh: it is shown this once."""

    secret: str | None = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])


class RemovedRoute(BaseModel):
    """A route that is no more."""

    id: str
    tenant: str
    removed: bool


class Trial(BaseModel):
    """What would become of mail to an address."""

    address: str
    domain: str
    tenant: str
    status: str = Field(description="Of the domain; mail is taken when it is verified, or warning")
    route: RouteResource | None
    answer: str = Field(description="What the sender hears", examples=["250", "550 5.1.1 no such address here"])


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/routes", tags=["routes"], route_class=StrictRoute)
    _reading(routes, services)
    _changing(routes, services)
    return routes


def _reading(routes: APIRouter, services: Services) -> None:
    may = May(services, "routes", tenant_needed=True)

    @routes.get("")
    async def list_routes(
        caller: Annotated[Caller, Depends(may)],
        wanted: Annotated[Page, Depends(page)],
        domain: Annotated[str, Query(max_length=255)] = "",
    ) -> Listed[RouteResource]:
        """Return routes, oldest first, of one domain when it is named."""
        found: Any = await caller.run(rules.list_all, caller.tenant, wanted, domain=domain)
        return Listed[RouteResource].model_validate(found)

    @routes.get("/test")
    async def test_address(
        caller: Annotated[Caller, Depends(may)], address: Annotated[str, Query(min_length=3, max_length=320)]
    ) -> Trial:
        """Return which route takes an address, and what its sender would be told; nothing is sent."""
        return Trial.model_validate(await caller.run(rules.try_out, address, caller.tenant))

    @routes.get("/{route}")
    async def show_route(route: str, response: Response, caller: Annotated[Caller, Depends(may)]) -> RouteResource:
        """Return one route."""
        return tagged(RouteResource, await caller.run(rules.show, caller.tenant, route), response)


def _changing(routes: APIRouter, services: Services) -> None:
    may = May(services, "routes", tenant_needed=True)
    changer = May(services, "routes", tenant_needed=True, strict=True)

    @routes.post("", status_code=201)
    async def create_route(body: NewRoute, response: Response, caller: Annotated[Caller, Depends(may)]) -> MadeRoute:
        """Add a route to a proved domain; the secret of a webhook's calls is in this answer and nowhere else."""
        wish = Wish(pattern=body.pattern, way=body.way, target=body.target)
        made = await caller.run(rules.create, _ways(services), caller.tenant, body.domain, wish)
        return tagged(MadeRoute, made, response)

    @routes.patch("/{route}")
    async def update_route(
        route: str, body: RouteChange, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> MadeRoute:
        """Change what is given; mail that is on its way in goes by the route as it was."""
        wish = Wish(pattern=body.pattern, way=body.way, target=body.target, fresh=body.new_secret)
        changed = await caller.run(rules.update, _ways(services), caller.tenant, route, wish)
        return tagged(MadeRoute, changed, response)

    @routes.delete("/{route}")
    async def remove_route(route: str, caller: Annotated[Caller, Depends(may)]) -> RemovedRoute:
        """Remove a route: mail to its addresses is refused, unless another one takes it."""
        return RemovedRoute.model_validate(await caller.run(rules.remove, caller.tenant, route))


def _ways(services: Services) -> Ways:
    return of_settings(services.settings, services.keyring, services.clock.now)
