"""Who calls: the API key is a credential's user name and the secret its password, or its api_key a bearer token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from estafette.model.credential import Identity
from estafette.web.dialects.caller import basic, by_key, by_pair
from estafette.web.services import Services


def user(services: Services) -> Callable[[Request], Awaitable[Identity]]:
    """Return the dependency that names the credential."""

    async def identity(request: Request) -> Identity:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return by_key(services, request, token.strip())
        return by_pair(services, request, *basic(request))

    return identity
