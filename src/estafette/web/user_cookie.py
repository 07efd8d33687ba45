"""The cookie that holds a user's session token for pages. The API never reads it, so no other site can act with it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from estafette.tenancy.sessions import LASTS

COOKIE = "estafette_user"


def remember(response: Response, request: Request, token: str) -> None:
    """Give the browser a session; lax, because log-ins by OIDC come back from another site."""
    response.set_cookie(
        COOKIE, token, int(LASTS), httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )  # fmt: skip


def forget(response: Response) -> None:
    """Take it away again."""
    response.delete_cookie(COOKIE)


def token_of(request: Request) -> str:
    """Return the token that a browser holds, "" for none."""
    return request.cookies.get(COOKIE, "")[:100]
