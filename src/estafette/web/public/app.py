"""What people outside reach beside ``door``: the pages of mailed links; everything else is 404."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from estafette.web.caps import BodyCap
from estafette.web.public import links
from estafette.web.public.links import Desk

_HEADERS = {"X-Content-Type-Options": "nosniff"}
#: Octets of a form.
_MOST = 20_000


def create_public(desk: Desk) -> ASGIApp:
    """Return the ASGI application of the pages."""
    app = Starlette(routes=links.routes(desk))
    app.add_exception_handler(404, _missing)
    return BodyCap(app, _MOST)


async def _missing(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("not found\n", 404, _HEADERS)
