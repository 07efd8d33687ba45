"""Who calls: the API key is a credential's user name and the secret its password, or its api_key a bearer token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from estafette.model.credential import Identity
from estafette.web.api.actor import Caller
from estafette.web.dialects.caller import basic, by_key, by_pair, managing
from estafette.web.services import Services


def user(services: Services) -> Callable[[Request], Awaitable[Identity]]:
    """Return the dependency that names the credential."""

    async def identity(request: Request) -> Identity:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return by_key(services, request, token.strip())
        return by_pair(services, request, *basic(request))

    return identity


def manager(services: Services, permission: str) -> Callable[[Request], Awaitable[Caller]]:
    """Return the dependency that lets pass whoever may manage: by a management key as bearer token."""

    async def called(request: Request) -> Caller:
        return await managed(services, request, permission)

    return called


async def managed(services: Services, request: Request, permission: str) -> Caller:
    """Return who calls, if that one may; a pair may what its credential may. 401, 403."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await managing(services, request, permission, None, token.strip())
    return await managing(services, request, permission, by_pair(services, request, *basic(request)), "")
