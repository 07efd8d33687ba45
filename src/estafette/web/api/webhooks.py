"""``/v1/webhooks``: addresses that are called with what happens to mail, and the log of the calls."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.dialects.forms import FORMS
from estafette.web.services import Services
from estafette.webhooks import endpoints, log
from estafette.webhooks.endpoints import LONGEST_CHANGE, MOST_CALLS, Wish
from estafette.webhooks.targets import LONGEST, of_settings

FormName = Literal["standard", "mailjet", "mailjet_single", "brevo", "turbosmtp"]
Status = Literal["active", "disabled"]
State = Literal["pending", "done", "failed"]
Kinds = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=40)]
Names = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100)]


class WebhookChange(Body):
    """What to change; what is left out stays."""

    url: str | None = Field(default=None, min_length=1, max_length=LONGEST, examples=["https://shop.example/hooks"])
    name: str | None = Field(default=None, max_length=255)
    format: FormName | None = Field(default=None, description="In whose form events are told")
    events: Kinds | None = Field(default=None, description="Kinds of events; empty = all", examples=[["bounced"]])
    streams: Names | None = Field(default=None, description="Streams whose events are told; empty = all")
    concurrency: int | None = Field(default=None, ge=1, le=MOST_CALLS, description="Calls under way at once")
    authorization: str | None = Field(
        default=None, max_length=1000, description="Calls carry it as Authorization; empty = none; never shown"
    )
    status: Status | None = Field(default=None, description="active begins anew with what happens from then on")

    def wish(self) -> Wish:
        """Return what was given, as the service wants it."""
        return Wish(**self.model_dump())


class NewWebhook(WebhookChange):
    """A webhook to add."""

    url: str = Field(min_length=1, max_length=LONGEST, examples=["https://shop.example/hooks"])


class RotateBody(Body):
    """How a secret is replaced."""

    keep: float = Field(
        default=86_400.0, ge=0, le=LONGEST_CHANGE, description="Seconds for which the old secret signs too; 0 = ends it"
    )


class ReplayBody(Body):
    """Which part of the past is told again."""

    since: str = Field(max_length=40, description="RFC 3339", examples=["2027-01-31T12:00:00Z"])
    until: str = Field(default="", max_length=40, description="RFC 3339; empty = until now")


class WebhookResource(BaseModel):
    """A webhook, without its secret."""

    id: str
    tenant: str
    url: str
    name: str
    format: FormName
    events: list[str]
    streams: list[str]
    status: Status
    reason: str = Field(description="Why it is disabled")
    concurrency: int
    authorization: bool = Field(description="Calls carry an Authorization field")
    failing_since: str | None = Field(description="Since when no call has succeeded")
    old_secret_until: str | None
    created: str | None
    changed: str | None
    version: int


class MadeWebhook(WebhookResource):
    """A webhook with its secret, which is shown this once."""

    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])


class RemovedWebhook(BaseModel):
    """A webhook that is no more."""

    id: str
    tenant: str
    removed: bool


class CallResource(BaseModel):
    """A call. why: what went wrong the last time, or what it waits for."""

    id: str = Field(description="What it carries as webhook-id", examples=["evt_06FZ2K7T8M0AB"])
    kind: str
    message: str | None
    state: State
    attempts: int
    next: str | None = Field(description="When the next attempt is due")
    status: int | None = Field(description="Of the last answer; 0 = there was none")
    why: str
    created: str | None
    ended: str | None


class TryShown(BaseModel):
    """One attempt."""

    at: str | None
    status: int | None
    ms: int
    why: str
    reply: str = Field(description="The beginning of what was answered")


class CallDetail(CallResource):
    """A call with what it says, and every attempt."""

    body: str
    tries: list[TryShown]


class Replay(BaseModel):
    """A part of the past that is told again."""

    id: str
    webhook: str
    since: str | None
    until: str | None


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=StrictRoute)
    _reading(routes, services)
    _changing(routes, services)
    _calls(routes, services)
    return routes


def _reading(routes: APIRouter, services: Services) -> None:
    may = May(services, "webhooks", tenant_needed=True)

    @routes.get("")
    async def list_webhooks(
        caller: Annotated[Caller, Depends(may)], wanted: Annotated[Page, Depends(page)]
    ) -> Listed[WebhookResource]:
        """Return webhooks, oldest first."""
        found: Any = await caller.run(endpoints.list_all, caller.tenant, wanted)
        return Listed[WebhookResource].model_validate(found)

    @routes.get("/{webhook}")
    async def show_webhook(
        webhook: str, response: Response, caller: Annotated[Caller, Depends(may)]
    ) -> WebhookResource:
        """Return one webhook."""
        return tagged(WebhookResource, await caller.run(endpoints.show, caller.tenant, webhook), response)


def _changing(routes: APIRouter, services: Services) -> None:
    may = May(services, "webhooks", tenant_needed=True)
    changer = May(services, "webhooks", tenant_needed=True, strict=True)

    @routes.post("", status_code=201)
    async def create_webhook(
        body: NewWebhook, response: Response, caller: Annotated[Caller, Depends(may)]
    ) -> MadeWebhook:
        """Add a webhook; its secret is in this answer and nowhere else. What happens from now on is told to it."""
        made = await caller.run(endpoints.create, of_settings(services.settings), caller.tenant, body.wish())
        return tagged(MadeWebhook, made, response)

    @routes.patch("/{webhook}")
    async def update_webhook(
        webhook: str, body: WebhookChange, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> WebhookResource:
        """Change what is given; switch it off, and on again."""
        changed = await caller.run(
            endpoints.update, of_settings(services.settings), caller.tenant, webhook, body.wish()
        )
        return tagged(WebhookResource, changed, response)

    @routes.post("/{webhook}/rotate")
    async def rotate_secret(
        webhook: str, body: RotateBody, response: Response, caller: Annotated[Caller, Depends(may)]
    ) -> MadeWebhook:
        """Give it a new secret, which is in this answer; for a while calls are signed with both."""
        made = await caller.run(endpoints.rotate, caller.tenant, webhook, keep=body.keep)
        return tagged(MadeWebhook, made, response)

    @routes.delete("/{webhook}")
    async def remove_webhook(webhook: str, caller: Annotated[Caller, Depends(may)]) -> RemovedWebhook:
        """Remove it, with the calls that it still was to get."""
        return RemovedWebhook.model_validate(await caller.run(endpoints.remove, caller.tenant, webhook))


def _calls(routes: APIRouter, services: Services) -> None:
    may = May(services, "webhooks", tenant_needed=True)

    @routes.post("/{webhook}/ping", status_code=202)
    async def ping_webhook(webhook: str, caller: Annotated[Caller, Depends(may)]) -> CallDetail:
        """Have a test call made; what came of it is at its id, some moments later."""
        return CallDetail.model_validate(await caller.run(log.ping, FORMS, caller.tenant, webhook))

    @routes.post("/{webhook}/replay", status_code=202)
    async def replay_events(webhook: str, body: ReplayBody, caller: Annotated[Caller, Depends(may)]) -> Replay:
        """Have events told again, under the ids that they had."""
        since, until = log.moment_of(body.since, "since"), services.clock.now()
        until = log.moment_of(body.until, "until") if body.until else until
        cursor = await log.before(services.history, since)
        stop = await services.history.position()
        made = await caller.run(log.replay, caller.tenant, webhook, since=since, until=until, cursor=cursor, stop=stop)
        return Replay.model_validate(made)

    @routes.get("/{webhook}/calls")
    async def list_calls(
        webhook: str,
        caller: Annotated[Caller, Depends(may)],
        wanted: Annotated[Page, Depends(page)],
        state: Annotated[State | None, Query()] = None,
    ) -> Listed[CallResource]:
        """Return calls, newest first: those that wait, and the last ones that ended."""
        found: Any = await caller.run(log.list_all, caller.tenant, webhook, wanted, state=state)
        return Listed[CallResource].model_validate(found)

    @routes.get("/{webhook}/calls/{call}")
    async def show_call(webhook: str, call: str, caller: Annotated[Caller, Depends(may)]) -> CallDetail:
        """Return a call with its body and every attempt."""
        return CallDetail.model_validate(await caller.run(log.show, caller.tenant, webhook, call))

    @routes.post("/{webhook}/calls/{call}/retry", status_code=202)
    async def retry_call(webhook: str, call: str, caller: Annotated[Caller, Depends(may)]) -> CallDetail:
        """Have a call made now, whatever became of it before."""
        return CallDetail.model_validate(await caller.run(log.retry, caller.tenant, webhook, call))
