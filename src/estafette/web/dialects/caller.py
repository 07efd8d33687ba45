"""Which credential calls a dialect: by user name and password, or by its key, however the dialect carries them."""

from __future__ import annotations

import base64
import binascii

from fastapi.security import HTTPAuthorizationCredentials
from starlette.requests import Request

from estafette.model.credential import Identity
from estafette.tenancy.permissions import require
from estafette.web.api.actor import Caller, May, of_credential
from estafette.web.guard import account_of, client_of
from estafette.web.problems import Problem
from estafette.web.services import Services


def by_pair(services: Services, request: Request, username: str, password: str) -> Identity:
    """Return the credential with this user name and password; Problem 401, or 429 to whoever guesses."""
    services.guard.check(request, username)
    identity = services.directory.by_password(username, password.encode())
    return _admitted(services, request, identity, username, password)


def by_key(services: Services, request: Request, key: str) -> Identity:
    """Return the credential with this api_key; Problem 401, or 429 to whoever guesses."""
    services.guard.check(request, account_of(key))
    return _admitted(services, request, services.directory.by_api_key(key), "", key)


async def managing(
    services: Services, request: Request, permission: str, identity: Identity | None, token: str
) -> Caller:  # fmt: skip
    """Return who manages the account: a credential, as far as it may, or who holds a token such as a management key.

    401, 403.
    """
    if identity is None:
        given = HTTPAuthorizationCredentials(scheme="bearer", credentials=token) if token else None
        return await May(services, permission, tenant_needed=True)(request, given)
    actor = of_credential(identity, client_of(request))
    require(actor, permission, identity.tenant)
    return Caller(actor, services.office(actor), identity.tenant, identity)


def basic(request: Request) -> tuple[str, str]:
    """Return user name and password of HTTP Basic (RFC 7617); Problem 401 without them."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            username, colon, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeError):
            raise unknown() from None
        if colon:
            return username, password
    raise unknown()


def unknown() -> Problem:
    """Return the answer to whoever has no valid credential; it never says why."""
    return Problem(401, "unauthenticated", "no valid credential", "use the user name and password of a credential")


def _admitted(services: Services, request: Request, identity: Identity | None, username: str, secret: str) -> Identity:
    address, account = client_of(request), username or account_of(secret)
    rule = _rule(services, identity, address)
    if identity is None or rule:
        services.notes.failed(username, secret.encode(), address, rule, key=not username)
        services.guard.failed(request, account)
        raise unknown()
    services.guard.succeeded(request, account)
    services.notes.used(identity.credential, address)
    return identity


def _rule(services: Services, identity: Identity | None, address: str) -> str:
    """Return why the holder of a good secret is not let in."""
    if identity is None:
        return ""
    if identity.expires is not None and identity.expires <= services.clock.now():
        return "auth_expired"
    return "" if identity.admits(address) else "auth_network"
