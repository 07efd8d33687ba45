"""Who calls: the server token is a credential's api_key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from estafette.model.credential import Identity
from estafette.web.dialects.caller import by_key, unknown
from estafette.web.problems import Problem
from estafette.web.services import Services


def user(services: Services) -> Callable[[Request], Awaitable[Identity]]:
    """Return the dependency that names the credential, and has a body be JSON."""

    async def identity(request: Request) -> Identity:
        token = request.headers.get("x-postmark-server-token", "").strip()
        if not token:
            raise unknown()
        found = by_key(services, request, token)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method == "POST" and kind != "application/json":
            raise Problem(422, "not_json", "the body is not JSON", "send Content-Type: application/json")
        return found

    return identity
