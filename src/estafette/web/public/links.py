"""Pages of mailed links: invitations, new passwords, proved addresses. GET shows, POST acts; nothing runs in the page.

A GET changes nothing, because scanners of mail follow every link (RFC 9110, 9.2.1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from estafette.base.errors import Fault
from estafette.store.interface.records import AlreadyThere
from estafette.tenancy import account, invitations, senders
from estafette.tenancy.invitations import LinkOver
from estafette.tenancy.office import Office
from estafette.tenancy.permissions import Actor
from estafette.web.guard import Guard, client_of
from estafette.web.languages import preferred
from estafette.web.problems import Problem
from estafette.web.public.words import ENGLISH, FRENCH

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_MOST = 10_000
_templates = Environment(
    loader=PackageLoader("estafette.web.public"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_style = resources.files("estafette.web.dashboard").joinpath("style.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Desk:
    """What the pages need. office: the office in which an actor works."""

    office: Callable[[Actor], Office]
    guard: Guard


@dataclass(frozen=True)
class _Kind:
    """A kind of link: what its page shows (LinkOver when it is over), what its button does."""

    words: str
    button: str
    done: str
    look: Callable[[Office, str], Mapping[str, object]]
    act: Callable[[Office, str, str, str], object]
    password: bool = field(default=False)


def _invited(office: Office, token: str) -> Mapping[str, object]:
    return invitations.look(office, token)


def _resetting(office: Office, token: str) -> Mapping[str, object]:
    return {"email": account.look(office, token, "reset")[1].email, "new": True}


def _verifying(office: Office, token: str) -> Mapping[str, object]:
    return {"email": account.look(office, token, "verify")[0].address}


KINDS = {
    "/invitations/{token}": _Kind(
        "join", "accept", "accepted", _invited,
        lambda office, token, name, password: invitations.accept(office, token, name=name, password=password),
        password=True,
    ),
    "/passwords/{token}": _Kind(
        "reset", "save", "changed", _resetting,
        lambda office, token, _name, password: account.reset(office, token, password), password=True,
    ),
    "/addresses/{token}": _Kind(
        "verify", "confirm", "verified", _verifying,
        lambda office, token, _name, _password: account.verify(office, token),
    ),
    "/senders/{token}": _Kind(
        "sender", "agree", "sender_verified", senders.look,
        lambda office, token, _name, _password: senders.confirm(office, token),
    ),
}  # fmt: skip


def routes(desk: Desk) -> list[Route]:
    """Return the pages and their style sheet."""
    pages = [Route(path, _page(desk, kind), methods=["GET", "POST"]) for path, kind in KINDS.items()]
    return [*pages, Route("/style.css", _css)]


def _page(desk: Desk, kind: _Kind) -> Any:
    async def page(request: Request) -> Response:
        w = FRENCH if preferred(request.headers.get("accept-language", "")) == "fr" else ENGLISH
        office = desk.office(Actor(kind="user", id="", name="", address=client_of(request)))
        token, wrong, status = request.path_params["token"], "", 200
        try:
            desk.guard.check(request, "link")
            shown = await asyncio.to_thread(kind.look, office, token)
            if request.method == "POST":
                fields = parse_qs((await request.body())[:_MOST].decode("utf-8", "replace"))
                name, password = (fields.get(each, [""])[0] for each in ("name", "password"))
                try:
                    await asyncio.to_thread(kind.act, office, token, name, password)
                except LinkOver:
                    raise
                except (Fault, AlreadyThere) as fault:
                    wrong, status = w.get(_code(fault), w["invalid"]), 422
                else:
                    return _written(w, 200, w["done"], w[kind.done])
        except LinkOver:
            desk.guard.failed(request, f"link from {client_of(request)}")
            return _written(w, 410, w["over"], w["over_text"])
        except Problem as locked:
            return _written(w, locked.status, w["over"], w.get(locked.code, w["invalid"]))
        told = {name: str(value) for name, value in shown.items()}
        return _written(
            w, status, w[kind.words].format(**told), w[f"{kind.words}_text"].format(**told), wrong=wrong,
            button=w[kind.button], email=told["email"], asks_password=kind.password and bool(shown.get("new")),
            asks_name=kind.words == "join" and bool(shown.get("new")),
        )  # fmt: skip

    return page


def _written(w: Mapping[str, str], status: int, title: str, text: str, **more: Any) -> HTMLResponse:
    nothing = {"wrong": "", "button": "", "email": "", "asks_password": False, "asks_name": False}
    html = _templates.get_template("page.html").render(w=w, title=title, text=text, **(nothing | more))
    return HTMLResponse(html, status, HEADERS)


def _code(error: Exception) -> str:
    return "already_there" if isinstance(error, AlreadyThere) else str(getattr(error, "code", "invalid"))


async def _css(_request: Request) -> Response:
    return Response(_style, 200, {"X-Content-Type-Options": "nosniff"}, "text/css")
