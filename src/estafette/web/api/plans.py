"""``/v1/plans``: what tenants may send, in which windows, and at what price."""

from typing import Annotated, Any, Literal

from annotated_types import MaxLen
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from estafette.tenancy import features, plans
from estafette.web.api.actor import ANYONE, Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services

Units = Annotated[int, Field(ge=0, le=plans.MOST)]
Amount = Annotated[str, Field(max_length=32, pattern=r"^[0-9]{1,15}(\.[0-9]{1,8})?$", examples=["9.90"])]


class PlanTerms(Body):
    """The terms of a plan; null is no limit. One recipient costs one unit, unless ``weights`` says otherwise."""

    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    price: Amount = Field(default="0", description="Of a month")
    monthly: Units | None = None
    daily: Units | None = None
    hourly: Units | None = None
    free: Units = Field(default=0, description="Units that are used first, every day or month")
    free_per: Literal["day", "month"] = "day"
    overage_price: Amount | Literal[""] = Field(default="", description="Of 1,000 units beyond; empty: none are sold")
    weights: dict[str, int] = Field(default={}, max_length=100, examples=[{"bulk": 2}])
    features: list[Annotated[str, MaxLen(64)]] = Field(
        default=[], max_length=100, description="NAME or NAME=NUMBER, see /v1/features; empty: everything is open",
        examples=[["domains=3", "oidc"]],
    )  # fmt: skip


class NewPlan(PlanTerms):
    """A plan to make."""

    name: str = Field(min_length=1, max_length=63, examples=["start"])


class PlanResource(BaseModel):
    """A plan."""

    name: str
    currency: str
    price: str
    monthly: int | None
    daily: int | None
    hourly: int | None
    free: int
    free_per: str
    overage_price: str
    weights: dict[str, int]
    features: list[str]
    created: str | None
    version: int


class FeatureResource(BaseModel):
    """What a plan may open or limit. absent: what holds when a plan with a list of features leaves it out."""

    name: str = Field(examples=["domains"])
    absent: Literal["open", "closed"]
    counts: bool = Field(description="A plan may name a number: NAME=NUMBER")
    en: str
    fr: str


class RemovedPlan(BaseModel):
    """What was removed."""

    name: str
    removed: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/plans", tags=["plans"], route_class=StrictRoute)
    reader, maker, changer = May(services, ANYONE), May(services, "plans"), May(services, "plans", strict=True)

    @routes.post("", status_code=201)
    async def create_plan(body: NewPlan, response: Response, caller: Annotated[Caller, Depends(maker)]) -> PlanResource:
        """Make a plan; what is not given is without limit and without price."""
        return tagged(PlanResource, await caller.run(plans.create, **_terms(body)), response)

    @routes.get("")
    async def list_plans(caller: Annotated[Caller, Depends(reader)]) -> Listed[PlanResource]:
        """Return every plan, by name."""
        found: Any = await caller.run(plans.list_all)
        return Listed[PlanResource].model_validate(found)

    @routes.get("/{plan}")
    async def show_plan(plan: str, response: Response, caller: Annotated[Caller, Depends(reader)]) -> PlanResource:
        """Return one plan."""
        return tagged(PlanResource, await caller.run(plans.show, plan), response)

    @routes.patch("/{plan}")
    async def update_plan(
        plan: str, body: PlanTerms, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> PlanResource:
        """Change the given terms; tenants that have the plan are under them within seconds."""
        return tagged(PlanResource, await caller.run(plans.update, plan, **_terms(body)), response)

    @routes.delete("/{plan}")
    async def remove_plan(plan: str, caller: Annotated[Caller, Depends(changer)]) -> RemovedPlan:
        """Remove a plan that no tenant has."""
        return RemovedPlan.model_validate(await caller.run(plans.remove, plan))

    return routes


def feature_list(services: Services) -> APIRouter:
    """Return the route of what plans may open."""
    routes = APIRouter(prefix="/features", tags=["plans"], route_class=StrictRoute)
    reader = May(services, ANYONE)

    @routes.get("")
    async def list_features(caller: Annotated[Caller, Depends(reader)]) -> Listed[FeatureResource]:
        """Return what a plan may open and limit, by name, in words of both languages."""
        found: Any = features.list_all(caller.office)
        return Listed[FeatureResource].model_validate(found)

    return routes


def _terms(body: PlanTerms) -> dict[str, Any]:
    given = body.model_dump(exclude_unset=True)
    if "features" in given:
        given["features"] = tuple(given["features"])
    return given
