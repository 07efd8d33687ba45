"""Who calls: the field ``api-key`` is the api_key of a credential, or a management key for what administers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.security import HTTPAuthorizationCredentials

from estafette.model.credential import Identity
from estafette.web.api.actor import Caller, May
from estafette.web.problems import Problem
from estafette.web.services import Services


def caller(services: Services, permission: str, *, counted: bool = True) -> Callable[[Request], Awaitable[Caller]]:
    """Return the dependency that names who calls, and lets it pass with a permission. counted: as of ``May``."""
    may = May(services, permission, tenant_needed=True, counted=counted)

    async def called(request: Request) -> Caller:
        key = request.headers.get("api-key", "").strip()
        return await may(request, HTTPAuthorizationCredentials(scheme="api-key", credentials=key) if key else None)

    return called


def user(services: Services, permission: str = "read") -> Callable[[Request], Awaitable[Identity]]:
    """Return the dependency that names the credential; 403 when a management key calls."""
    called = caller(services, permission, counted=False)

    async def identity(request: Request) -> Identity:
        found = (await called(request)).identity
        if found is None:
            fix = "use the api_key of a credential"
            raise Problem(403, "credential_needed", "mail is sent, and followed, with a credential", fix)
        return found

    return identity
