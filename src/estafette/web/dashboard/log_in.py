"""The log-in form: people by e-mail address, operators by name, employees and applications with a credential."""

from __future__ import annotations

from urllib.parse import parse_qs

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from estafette.base.errors import Refusal
from estafette.model.credential import Identity
from estafette.tenancy.sessions import CodeNeeded, LogInFailed
from estafette.web import user_cookie
from estafette.web.api.session import enter
from estafette.web.dashboard.rendering import rendered
from estafette.web.dashboard.session import Sessions
from estafette.web.guard import client_of, person_of
from estafette.web.problems import Problem
from estafette.web.services import Services

_MOST = 10_000


class _Given(msgspec.Struct, frozen=True):
    """What was typed."""

    user: str
    password: str
    code: str


def router(services: Services, sessions: Sessions) -> APIRouter:
    """Return the routes of the form."""
    routes = APIRouter()

    @routes.get("/login")
    async def login(request: Request, token: str = "") -> Response:
        identity = sessions.by_link(token) if token else None
        return _with_credential(request, sessions, identity) if identity else _form(
            request, services, 200, "wrong" if token else ""
        )  # fmt: skip

    @routes.post("/login")
    async def log_in(request: Request) -> Response:
        given = _read(await request.body())
        try:
            return await _let_in(request, services, sessions, given)
        except Problem as locked:
            _note(request, services, given, "auth_locked")
            return _form(request, services, locked.status, "locked", given.user)
        except CodeNeeded:
            return _form(request, services, 401, "code_needed", given.user)
        except LogInFailed:
            return _form(request, services, 401, "wrong", given.user)

    return routes


async def _let_in(request: Request, services: Services, sessions: Sessions, given: _Given) -> Response:
    """Try the credential of this name, then the person or operator. Problem 429, CodeNeeded, failures."""
    # Before the credential of the same name is tried: its password must not be guessed past the person's lock.
    services.guard.check(request, person_of(given.user))
    try:
        identity = services.gate.authenticate(given.user, given.password.encode(), client_of(request))
    except Refusal as refusal:
        return await _with_password(request, services, given, refusal)
    services.guard.succeeded(request, person_of(given.user))
    services.notes.used(identity.credential, client_of(request))
    return _with_credential(request, sessions, identity)


async def _with_password(request: Request, services: Services, given: _Given, refusal: Refusal) -> Response:
    """Let a person or an operator in as ``POST /v1/session`` does. refusal: why it was no credential."""
    try:
        made = await enter(services, request, given.user, given.password, given.code)
    except LogInFailed:
        _note(request, services, given, refusal.rule)
        raise
    answer = RedirectResponse("/account", 303)
    user_cookie.remember(answer, request, str(made["token"]))
    return answer


def _with_credential(request: Request, sessions: Sessions, identity: Identity) -> Response:
    answer = RedirectResponse("/", 303)
    sessions.remember(answer, request, identity)
    return answer


def _note(request: Request, services: Services, given: _Given, rule: str) -> None:
    services.notes.failed(given.user, given.password.encode(), client_of(request), rule)


def _form(request: Request, services: Services, status: int, wrong: str, typed: str = "") -> HTMLResponse:
    providers = sorted(services.settings.oidc)
    return rendered(request, "login.html", status, wrong=wrong, user="", typed=typed, providers=providers)


def _read(body: bytes) -> _Given:
    fields = parse_qs(body[:_MOST].decode("utf-8", "replace"))
    user, password, code = (fields.get(name, [""])[0] for name in ("user", "password", "code"))
    return _Given(user.strip()[:320], password[:512], code.strip()[:32])
