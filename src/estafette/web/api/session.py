"""``/v1/session``: who calls; log-in, log-out, password, address and second factor of a user."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from estafette.base.errors import Fault
from estafette.base.log import get
from estafette.model.user import User
from estafette.store.interface.page import Page
from estafette.tenancy import account, operator_sessions, second_factor, sessions, users
from estafette.tenancy.invitations import LinkOver
from estafette.tenancy.office import Office
from estafette.tenancy.permissions import Actor
from estafette.web.api.actor import ANYONE, Caller, May
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.guard import client_of, person_of
from estafette.web.problems import Problem
from estafette.web.services import Services
from estafette.web.user_cookie import forget, remember

_log = get("web.session")
#: Routes that need no key say so in the document.
OPEN: dict[str, Any] = {"security": []}

Password = Annotated[str, Field(max_length=512)]
Code = Annotated[str, Field(default="", max_length=32, description="Of the second factor, or a recovery code")]


class LogIn(Body):
    """Who logs in."""

    email: str = Field(
        max_length=320, description="Of a person, or the name of an operator", examples=["anna@company.example"]
    )
    password: Password
    code: Code


class NewPassword(Body):
    """A password in place of another."""

    old: Password
    new: Password


class Address(Body):
    """An address to which a link is mailed."""

    email: str = Field(default="", max_length=320)


class Reset(Body):
    """A new password with a mailed link's token."""

    token: str = Field(max_length=100)
    password: Password


class OneCode(Body):
    """A code of the second factor."""

    code: str = Field(max_length=32)


class SessionResource(BaseModel):
    """A session, without its token."""

    id: str
    user: str
    created: str | None
    expires: str | None
    seen: str | None = Field(description="Last used, to the minute")
    address: str
    agent: str
    how: str = Field(examples=["password"])
    current: bool = False


class OpenedSession(SessionResource):
    """A session with its token, which is shown this once."""

    token: str
    email: str


class Me(BaseModel):
    """Who calls."""

    kind: str = Field(examples=["user"])
    id: str
    name: str
    roles: dict[str, str] = Field(description="Tenant id -> role")
    scopes: list[str]
    session: str


class Secret(BaseModel):
    """What a device for the second factor needs, shown this once."""

    secret: str
    uri: str


class RecoveryCodes(BaseModel):
    """Codes for the day the device is lost, shown this once; each works once."""

    recovery_codes: list[str]


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(tags=["session"], route_class=StrictRoute)
    mine = May(services, ANYONE)
    _log_ins(routes, services)

    @routes.get("/session")
    async def show_session(caller: Annotated[Caller, Depends(mine)]) -> Me:
        """Return who calls, and the roles it has at this moment."""
        actor = caller.actor
        return Me(
            kind=actor.kind, id=actor.id, name=actor.name, roles=dict(actor.roles), scopes=sorted(actor.scopes),
            session=actor.session,
        )  # fmt: skip

    @routes.delete("/session", status_code=204)
    async def log_out(response: Response, caller: Annotated[Caller, Depends(mine)]) -> None:
        """End the session that calls, at once everywhere."""
        await caller.run(sessions.end, _logged_in(caller).id, caller.actor.session)
        forget(response)

    @routes.get("/sessions")
    async def list_sessions(
        caller: Annotated[Caller, Depends(mine)], wanted: Annotated[Page, Depends(page)]
    ) -> Listed[SessionResource]:
        """Return the caller's own sessions, oldest first; only people and operators have some."""
        found: Any = await caller.run(sessions.list_all, caller.actor.id, page=wanted)
        return Listed[SessionResource].model_validate(found)

    @routes.delete("/sessions")
    async def end_other_sessions(caller: Annotated[Caller, Depends(mine)]) -> Ended:
        """End every session of the caller but the one that calls."""
        _logged_in(caller)
        return Ended.model_validate(await caller.run(sessions.end_others))

    @routes.delete("/sessions/{session}", status_code=204)
    async def end_session(session: str, caller: Annotated[Caller, Depends(mine)]) -> None:
        """End one of the caller's sessions, at once everywhere."""
        await caller.run(sessions.end, _logged_in(caller).id, session)

    _own(routes, services, mine)
    return routes


def _log_ins(routes: APIRouter, services: Services) -> None:
    @routes.post("/session", status_code=201, openapi_extra=OPEN)
    async def log_in(body: LogIn, request: Request, response: Response) -> OpenedSession:
        """Open a session with password and, when one is set up, second factor; also as a cookie for pages."""
        made = await enter(services, request, body.email, body.password, body.code)
        remember(response, request, str(made["token"]))
        return OpenedSession.model_validate(made)

    @routes.post("/session/reset", status_code=202, openapi_extra=OPEN)
    async def ask_new_password(body: Address, request: Request) -> None:
        """Mail a link to a new password; the answer is the same for every address."""
        services.guard.check(request, f"reset {body.email}"[:300])
        services.guard.failed(request, f"reset {body.email}"[:300])
        await asyncio.to_thread(account.ask_reset, visitor(services, request), body.email)

    @routes.post("/session/reset/confirm", openapi_extra=OPEN)
    async def choose_new_password(body: Reset, request: Request) -> Address:
        """Choose a new password with a mailed link's token; every session of the user ends."""
        office = visitor(services, request)
        done = await guessed(services, request, lambda: account.reset(office, body.token, body.password))
        return Address.model_validate(done)


def _own(routes: APIRouter, services: Services, mine: May) -> None:
    @routes.post("/session/password", status_code=204)
    async def change_password(body: NewPassword, request: Request, caller: Annotated[Caller, Depends(mine)]) -> None:
        """Choose a new password; every other session of the user ends."""
        user = await _found(caller)
        await slowed(
            services, request, user.email, lambda: account.change_password(caller.office, user, body.old, body.new)
        )

    @routes.post("/session/address", status_code=202)
    async def ask_address(body: Address, caller: Annotated[Caller, Depends(mine)]) -> None:
        """Mail a link that proves the user's address, or another that then takes its place."""
        await caller.run(account.ask_verify, await _found(caller), body.email)

    @routes.post("/session/factor", status_code=201)
    async def begin_second_factor(caller: Annotated[Caller, Depends(mine)]) -> Secret:
        """Make a secret for a device (TOTP); it counts once a first code was confirmed."""
        return Secret.model_validate(await caller.run(second_factor.begin, await _found(caller)))

    @routes.post("/session/factor/confirm")
    async def confirm_second_factor(
        body: OneCode, request: Request, caller: Annotated[Caller, Depends(mine)]
    ) -> RecoveryCodes:
        """Switch the second factor on with a first code."""
        user = await _found(caller)
        done = await slowed(
            services, request, user.email, lambda: second_factor.confirm(caller.office, user, body.code)
        )
        return RecoveryCodes.model_validate(done)

    @routes.post("/session/factor/remove", status_code=204)
    async def remove_second_factor(body: OneCode, request: Request, caller: Annotated[Caller, Depends(mine)]) -> None:
        """Switch the second factor off with a code."""
        user = await _found(caller)
        await slowed(services, request, user.email, lambda: second_factor.remove(caller.office, user, body.code))


def visitor(services: Services, request: Request) -> Office:
    """Return the office for somebody who has not logged in."""
    return services.office(Actor(kind="user", id="", name="", address=client_of(request)))


async def enter(services: Services, request: Request, email: str, password: str, code: str) -> dict[str, object]:
    """Log a person in, or an operator by name, slowed by the guard; Problem 401 and 429."""
    office, agent = visitor(services, request), request.headers.get("user-agent", "")

    def log_in() -> dict[str, object]:
        if "@" not in email:
            return operator_sessions.log_in(office, email, password, agent=agent)
        return sessions.log_in(office, email, password, code, agent=agent)

    try:
        opened: dict[str, object] = await slowed(services, request, email, log_in)
    except sessions.LogInFailed:
        _log.warning("log_in_failed", email=email[:320], client=client_of(request))
        raise
    return opened


async def slowed(services: Services, request: Request, email: str, act: Any) -> Any:
    """Do what depends on a secret of a user; a failure is remembered and told late, a lock is told at once."""
    who = person_of(email)
    services.guard.check(request, who)
    try:
        done = await asyncio.to_thread(act)
    except (sessions.LogInFailed, second_factor.WrongCode):
        await asyncio.sleep(services.guard.failed(request, who))
        raise
    services.guard.succeeded(request, who)
    return done


async def guessed(services: Services, request: Request, act: Any) -> Any:
    """Do what depends on a mailed link; guesses are counted against the address they come from."""
    services.guard.check(request, "link")
    try:
        return await asyncio.to_thread(act)
    except LinkOver:
        services.guard.failed(request, f"link from {client_of(request)}")
        raise


def _logged_in(caller: Caller) -> Actor:
    if not caller.actor.session:
        raise Problem(422, "user_needed", "only who logged in has sessions", "log in with POST /v1/session")
    return caller.actor


def _user(caller: Caller) -> Actor:
    if caller.actor.kind != "user":
        raise Problem(422, "user_needed", "only people have sessions", "log in with POST /v1/session")
    return caller.actor


async def _found(caller: Caller) -> User:
    actor = _user(caller)
    try:
        return await caller.run(users.person, actor.id)
    except Fault:
        raise Problem(401, "unauthenticated", "this session is over", "log in again") from None
