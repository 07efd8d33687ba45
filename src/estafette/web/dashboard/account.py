"""The account page: what is left, what is stopped and how it goes on, domains and log-ins of a tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from estafette.tenancy import callers, overview, sessions
from estafette.tenancy.office import NotFound
from estafette.tenancy.overview import Overview
from estafette.tenancy.permissions import Actor
from estafette.web.dashboard.account_words import account_words
from estafette.web.dashboard.rendering import rendered
from estafette.web.guard import client_of
from estafette.web.languages import preferred
from estafette.web.services import Services
from estafette.web.user_cookie import forget, token_of


def router(services: Services) -> APIRouter:
    """Return the routes of the page."""
    routes = APIRouter()

    @routes.get("/account")
    async def account(request: Request, tenant: str = "") -> Response:
        actor = await _who(services, request)
        if actor is None:
            return RedirectResponse("/login", 303)
        try:
            language = preferred(request.headers.get("accept-language", ""))
            found = await asyncio.to_thread(overview.of, services.office(actor), tenant[:64], language)
        except NotFound:
            return rendered(request, "gone.html", 404, user="")
        return _page(request, actor, found)

    @routes.post("/account/leave")
    async def leave(request: Request) -> Response:
        actor = await _who(services, request)
        if actor is not None:
            await asyncio.to_thread(sessions.end, services.office(actor), actor.id, actor.session)
        answer = RedirectResponse("/login", 303)
        forget(answer)
        return answer

    return routes


async def _who(services: Services, request: Request) -> Actor | None:
    return await asyncio.to_thread(callers.by_token, services.office(), token_of(request), client_of(request))


def _page(request: Request, actor: Actor, found: Overview | None) -> Response:
    said = account_words(request.headers.get("accept-language", ""))
    figures = found.figures if found is not None else None
    return rendered(
        request,
        "account.html",
        user="",
        a=said.words,
        number=said.number,
        mine=actor.name,
        account=found,
        figures=figures,
        gauges=gauges(figures.usage) if figures is not None else (),
        paused={each["credential"] for each in figures.suspensions} if figures is not None else (),
    )


def gauges(usage: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the windows worth showing, with units used and left. left: None where nothing limits them."""
    found = []
    for name in ("month", "day", "hour"):
        window = usage[name]
        limit = window["limit"]
        # A month's limit is of the plan's own units: allowance, packs and overage stand beside it.
        used = window["plan"] if name == "month" and limit is not None else window["units"]
        if name == "month" or limit is not None:
            left = None if limit is None else max(0, limit - used)
            found.append({"name": name, "used": used, "limit": limit, "left": left, "end": window["end"]})
    return found
