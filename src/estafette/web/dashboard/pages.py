"""The routes of the plain page; everything is escaped, nothing runs in the browser, nothing is loaded from outside."""

from __future__ import annotations

from importlib import resources
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from estafette.base import ids
from estafette.model.credential import Identity
from estafette.web import shapes
from estafette.web.dashboard import log_in, reading
from estafette.web.dashboard.rendering import HEADERS, rendered
from estafette.web.dashboard.session import COOKIE, Sessions
from estafette.web.services import Services
from estafette.web.user_cookie import token_of

FRAME = HEADERS | {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
}
LISTED = 500
_PLACES = 7

_style = resources.files("estafette.web.dashboard").joinpath("style.css").read_text(encoding="utf-8")


def router(services: Services) -> APIRouter:
    """Return the routes of the page."""
    routes = APIRouter()
    sessions = Sessions(services)
    routes.include_router(log_in.router(services, sessions))

    @routes.get("/")
    async def index(request: Request) -> Response:
        identity = sessions.who(request)
        if identity is None:
            return RedirectResponse("/account" if token_of(request) else "/login", 303)
        return rendered(request, "list.html", mails=await _mails(services, identity), user=identity.username)

    @routes.post("/logout")
    async def leave() -> Response:
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    @routes.get("/style.css")
    async def style() -> Response:
        return Response(_style, 200, {"X-Content-Type-Options": "nosniff"}, "text/css")

    _mail(routes, services, sessions)
    return routes


def _mail(routes: APIRouter, services: Services, sessions: Sessions) -> None:
    @routes.get("/mail/{email}")
    async def mail(request: Request, email: str) -> Response:
        identity = sessions.who(request)
        if identity is None:
            return RedirectResponse("/login", 303)
        found = await _find(services, sessions, request, email)
        if found is None:
            return rendered(request, "gone.html", 404, user=identity.username)
        return rendered(request, "mail.html", **found, user=identity.username)

    @routes.get("/mail/{email}/html")
    async def frame(request: Request, email: str) -> Response:
        found = await _find(services, sessions, request, email)
        return HTMLResponse(found["parts"].html if found else "", 200 if found else 404, FRAME)

    @routes.get("/mail/{email}/source")
    async def source(request: Request, email: str) -> Response:
        found = await _find(services, sessions, request, email)
        text = found["parts"].source.decode("utf-8", "replace") if found else ""
        return PlainTextResponse(text, 200 if found else 404, HEADERS)


async def _mails(services: Services, identity: Identity) -> list[dict[str, Any]]:
    """Return the newest messages with the last known state of each."""
    states: dict[int, str] = {}
    recipients: dict[int, str] = {}
    for event in await services.history.recent(LISTED, identity.tenant):
        states.setdefault(event.message, event.kind)
        recipients[event.message] = event.recipient or recipients.get(event.message, "")
    contents = await services.spool.contents(list(states))
    return [
        {**shapes.content(content), "state": states[message], "to": recipients[message]}
        for message in sorted(states, reverse=True)
        if (content := contents.get(message)) is not None
        and reading.visible(content, identity.tenant, identity.credential)
    ]


async def _find(services: Services, sessions: Sessions, request: Request, email: str) -> dict[str, Any] | None:
    """Return a message, its parts, its events and its recipients, when the caller may read it.

    email: ``ID``, or ``ID.N`` for the copy of a recipient.
    """
    name, _, place = email.partition(".")
    identity, message = sessions.who(request), reading.number(name)
    if identity is None or message is None:
        return None
    content = (await services.spool.contents([message])).get(message)
    if content is None or not reading.visible(content, identity.tenant, identity.credential):
        return None
    events = await services.history.of_message(message)
    recipients = {event.number: event.recipient for event in events if event.number and event.recipient}
    number = int(place) if place.isascii() and place.isdigit() and len(place) < _PLACES else 1
    parts = reading.read(await reading.copy(services, content, recipients, number), content.size)
    return {
        "mail": {**shapes.content(content), "id": ids.show(message), "number": number},
        "parts": parts,
        "events": [shapes.event(event) for event in events],
        "recipients": sorted(recipients.items())[:LISTED] if services.captured else (),
    }
