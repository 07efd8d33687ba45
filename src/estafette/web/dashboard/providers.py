"""Log-in pages by OIDC: to the provider, and back from it."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from estafette.base.log import get
from estafette.tenancy import oidc, sessions
from estafette.tenancy.features import NotInPlan
from estafette.tenancy.oidc import NotInvited
from estafette.web.api.session import visitor
from estafette.web.dashboard.rendering import rendered
from estafette.web.guard import client_of
from estafette.web.oidc import LASTS, OidcFailed, Provider
from estafette.web.services import Services
from estafette.web.user_cookie import remember

COOKIE = "estafette_oidc"
_log = get("web.oidc")


def router(services: Services) -> APIRouter:
    """Return the routes of the pages."""
    routes = APIRouter()
    opened: dict[str, Provider] = {}

    def known(name: str) -> Provider | None:
        section = services.settings.oidc.get(name)
        if section is not None and name not in opened:
            opened[name] = Provider(name, section, services.keyring, services.clock)
        return opened.get(name)

    @routes.get("/login/with/{name}")
    async def begin(name: str, request: Request) -> Response:
        provider = known(name)
        return _wrong(request, 404, "oidc_wrong") if provider is None else await _leave(services, provider, request)

    @routes.get("/login/with/{name}/back")
    async def finish(name: str, request: Request, code: str = "", state: str = "") -> Response:
        provider = known(name)
        if provider is None:
            return _wrong(request, 404, "oidc_wrong")
        return await _let_in(services, provider, request, code, state)

    return routes


async def _leave(services: Services, provider: Provider, request: Request) -> Response:
    """Send the browser to the provider."""
    try:
        place, cookie = await provider.begin(_back(services, request, provider.name))
    except OidcFailed as fault:
        _log.warning("oidc_failed", provider=provider.name, cause=fault.cause)
        return _wrong(request, 502, "oidc_wrong")
    answer = RedirectResponse(place, 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, cookie, int(LASTS), path="/login", httponly=True, samesite="lax", secure=secure)
    return answer


async def _let_in(services: Services, provider: Provider, request: Request, code: str, state: str) -> Response:
    """Open a session for whom the provider vouches."""
    try:
        token = await _opened(services, provider, request, code, state)
    except OidcFailed as fault:
        _log.warning("oidc_failed", provider=provider.name, cause=fault.cause, client=client_of(request))
        return _wrong(request, 401, "oidc_wrong")
    except NotInvited:
        return _wrong(request, 403, "not_invited")
    except NotInPlan:
        return _wrong(request, 403, "not_in_plan")
    answer = RedirectResponse("/account", 303)
    answer.delete_cookie(COOKIE, path="/login")
    remember(answer, request, token)
    return answer


async def _opened(services: Services, provider: Provider, request: Request, code: str, state: str) -> str:
    cookie, back = request.cookies.get(COOKIE, ""), _back(services, request, provider.name)
    vouched = await provider.finish(cookie, state[:200], code[:2000], back)
    office, agent = visitor(services, request), request.headers.get("user-agent", "")
    user = await asyncio.to_thread(oidc.user_of, office, vouched)
    made = await asyncio.to_thread(sessions.open_for, office, user, how=provider.name[:64], agent=agent)
    return str(made["token"])


def _back(services: Services, request: Request, name: str) -> str:
    """Return where the provider sends the browser back to; it compares this with what was registered."""
    fixed = services.settings.oidc[name].redirect_uri
    return fixed or f"{request.url.scheme}://{request.url.netloc}/login/with/{name}/back"


def _wrong(request: Request, status: int, word: str) -> HTMLResponse:
    return rendered(request, "login.html", status, wrong=word, user="", typed="", providers=())
