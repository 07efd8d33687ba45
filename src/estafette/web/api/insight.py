"""``/v1/insight``: what the numbers mean: waterfalls, how providers take the mail, and what to change next."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query

from estafette.model.user import Language
from estafette.reporting import telling
from estafette.reporting.insight import Insight
from estafette.web.api.actor import Caller, May
from estafette.web.api.strict import StrictRoute
from estafette.web.languages import preferred
from estafette.web.problems import Problem
from estafette.web.services import Services

Name = Annotated[str, Query(max_length=255)]


def spoken(
    language: Annotated[Literal["", "en", "fr"], Query(description="Of the sentences; else Accept-Language")] = "",
    accept_language: Annotated[str, Header(max_length=500)] = "",
) -> Language:
    """Return the language of the sentences in an answer."""
    return language or preferred(accept_language)


Spoken = Annotated[Language, Depends(spoken)]


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/insight", tags=["insight"], route_class=StrictRoute)
    reader = May(services, "read", tenant_needed=True)

    def insight() -> Insight:
        return Insight(services.statistics, services.history, services.control)

    @routes.get("/waterfall")
    async def show_waterfall(
        caller: Annotated[Caller, Depends(reader)], language: Spoken, campaign: Name = "", tag: Name = ""
    ) -> dict[str, Any]:
        """Return the way from all hits of a campaign or tag to those of people, and of a campaign an estimate."""
        if bool(campaign) == bool(tag):
            raise Problem(422, "one_of", "name a campaign or a tag", "?campaign=NAME or ?tag=NAME", field="campaign")
        label: Literal["campaign", "tag"] = "campaign" if campaign else "tag"
        found = await insight().mailing(caller.tenant, label, campaign or tag, services.clock.now())
        return telling.mailing(found, language)

    @routes.get("/providers")
    async def show_providers(caller: Annotated[Caller, Depends(reader)], language: Spoken) -> dict[str, Any]:
        """Return how the last seven days' mail was taken, provider by provider, beside the seven days before."""
        return telling.report(await insight().providers(caller.tenant, services.clock.now()), language)

    @routes.get("/suggestions")
    async def list_suggestions(caller: Annotated[Caller, Depends(reader)], language: Spoken) -> dict[str, Any]:
        """Return at most three suggestions, each with the evidence of the last four weeks that it stands on."""
        found = await insight().suggestions(caller.tenant, services.clock.now())
        return {"items": [telling.advice(each, language) for each in found], "next": None}

    return routes
