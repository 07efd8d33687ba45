"""Who calls, what for, and in which tenant: the one dependency that every route under ``/v1`` has."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Concatenate, ParamSpec, TypeVar

import msgspec
from annotated_types import MaxLen
from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from estafette.model.credential import Identity
from estafette.tenancy import callers, tenants
from estafette.tenancy.office import NotFound, Office
from estafette.tenancy.permissions import OPERATOR_ONLY, Actor, require
from estafette.web.guard import account_of, client_of
from estafette.web.problems import Problem
from estafette.web.services import Services

P = ParamSpec("P")
T = TypeVar("T")

#: What the api_key of a credential may do at most: an application sends, and reads what became of it.
CREDENTIAL_SCOPES = frozenset({"send", "read"})
#: The permission of routes that any caller may use, for what is the caller's own.
ANYONE = "anyone"
_VERSION = re.compile(r'"(\d{1,18})"')
_bearer = HTTPBearer(
    auto_error=False,
    description="An operator's key, a user's session token, a management key, or the api_key of a credential",
)


class Caller(msgspec.Struct, frozen=True):
    """Who calls and where. tenant: the id that the request is about, "" for the whole service (operators only).

    identity: the credential itself when its api_key called; only that submits mail.
    """

    actor: Actor
    office: Office
    tenant: str = ""
    identity: Identity | None = None

    async def run(self, act: Callable[Concatenate[Office, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Do an act of ``tenancy`` in a thread: it waits for the disk."""
        return await asyncio.to_thread(act, self.office, *args, **named)


class May:
    """Dependency: names the caller and lets it pass with a permission. 401, 403, 404 for a foreign tenant, 429.

    The tenant is ``{tenant}`` of the path, else ``?tenant=``, else the only one that the caller belongs to.
    strict: a change that must name the version it is based on (428). tenant_needed: there is nothing to do for the
    whole service. counted: the call counts against the key's rate; sending mail has limits of its own.
    """

    def __init__(
        self,
        services: Services,
        permission: str,
        *,
        strict: bool = False,
        tenant_needed: bool = False,
        counted: bool = True,
    ) -> None:
        self.permission = permission
        self.strict = strict
        self.tenant_needed = tenant_needed
        self.counted = counted
        self._services = services

    async def __call__(
        self,
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
        tenant: Annotated[str, MaxLen(64)] = "",
        if_match: Annotated[str | None, Header(max_length=100, description="The ETag of what you have seen")] = None,
    ) -> Caller:
        """Return the caller in its tenant."""
        actor, identity = await self._named(request, given)
        if self.counted:
            self._services.rates.take(request, f"{actor.kind} {actor.id}")
        if self.strict and if_match is None:
            detail = "a change must say on which version it is based"
            raise Problem(428, "if_match_missing", detail, 'send If-Match with the ETag that you read, or "*"')
        office = self._services.office(actor, _expected(if_match))
        if identity is not None and not tenant and self.permission not in OPERATOR_ONLY | {ANYONE}:
            # Needs no look at the tables: an application that sends comes this way with every message.
            require(actor, self.permission, identity.tenant)
            return Caller(actor, office, identity.tenant, identity)
        return await asyncio.to_thread(self._within, actor, office, tenant, identity)

    async def _named(
        self, request: Request, given: HTTPAuthorizationCredentials | None
    ) -> tuple[Actor, Identity | None]:
        if given is None:
            raise unknown()
        guard, account, address = self._services.guard, account_of(given.credentials), client_of(request)
        guard.check(request, account)
        identity = self._services.directory.by_api_key(given.credentials)
        actor = (
            of_credential(identity, address)
            if identity
            else await asyncio.to_thread(callers.by_token, self._services.office(), given.credentials, address)
        )
        if actor is None or not self._admitted(identity, address):
            self._services.notes.failed("", given.credentials.encode(), address, self._rule(identity), key=True)
            guard.failed(request, account)
            raise unknown()
        guard.succeeded(request, account)
        if identity is not None:
            self._services.notes.used(identity.credential, address)
        return actor, identity

    def _admitted(self, identity: Identity | None, address: str) -> bool:
        return self._rule(identity) != "auth_expired" and (identity is None or identity.admits(address))

    def _rule(self, identity: Identity | None) -> str:
        """Return why the holder of a good key is not let in, "" for a key that is none."""
        if identity is None:
            return ""
        expired = identity.expires is not None and identity.expires <= self._services.clock.now()
        return "auth_expired" if expired else "auth_network"

    def _within(self, actor: Actor, office: Office, name: str, identity: Identity | None) -> Caller:
        if self.permission in OPERATOR_ONLY and not actor.runs_service:
            require(actor, self.permission)
        wanted = name or _only(actor)
        if not wanted:
            if self.tenant_needed or (not actor.runs_service and self.permission != ANYONE):
                fix = "name one: /v1/tenants/ID/... or ?tenant=ID"
                raise Problem(422, "tenant_needed", "this is about one tenant", fix, field="tenant")
            return Caller(actor, office, "", identity)
        found = office.control.lists.tenant(wanted)
        actor = tenants.within(actor, found) if found else actor
        if found is None or not (actor.runs_service or found.id in actor.roles):
            raise NotFound(f"there is no tenant {wanted!r}", place="tenant", fix="see GET /v1/tenants")
        if self.permission != ANYONE:
            require(actor, self.permission, found.id)
        return Caller(actor, msgspec.structs.replace(office, who=actor), found.id, identity)


def of_credential(identity: Identity, address: str) -> Actor:
    """Return the actor that a credential's api_key is."""
    return Actor(
        kind="credential",
        id=identity.credential,
        name=identity.username,
        roles={identity.tenant: "developer"},
        scopes=CREDENTIAL_SCOPES,
        address=address,
    )


def unknown() -> Problem:
    """Return the answer to whoever has no valid key; it never says why."""
    return Problem(401, "unauthenticated", "no valid API key", "send Authorization: Bearer KEY")


def _only(actor: Actor) -> str:
    return next(iter(actor.roles)) if len(actor.roles) == 1 else ""


def _expected(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = _VERSION.fullmatch(if_match.strip())
    return int(found[1]) if found else -1
