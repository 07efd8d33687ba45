"""``/v3/webhooks``: addresses that are called with what happens to transactional mail, each a webhook of ours.

Shapes: developers.brevo.com, reference of webhooks. A management key with the scope ``webhooks`` reads and changes.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import Field

from estafette.model.event import EVENT_KINDS
from estafette.tenancy.office import NotFound, Office
from estafette.web.api.actor import Caller
from estafette.web.api.strict import Body
from estafette.web.dialects.brevo.moments import moment
from estafette.web.dialects.brevo.user import caller
from estafette.web.dialects.hooks import kinds, number_of, told_as, united
from estafette.web.dialects.translation import refused
from estafette.web.services import Services
from estafette.webhooks import endpoints
from estafette.webhooks.endpoints import Wish
from estafette.webhooks.targets import LONGEST, of_settings

_FORM: tuple[Literal["brevo"]] = ("brevo",)
#: Their names -> our kinds, as ``events`` tells them. Addresses that are none are refused here, and so ``blocked``.
_KINDS = {
    "request": ("queued",), "sent": ("queued",), "delivered": ("delivered", "sent"), "deferred": ("deferred",),
    "hardBounce": ("bounced",), "softBounce": ("failed",), "blocked": ("rejected",), "invalid": ("rejected",),
    "spam": ("complained",), "opened": ("opened",), "uniqueOpened": ("opened",), "click": ("clicked",),
    "unsubscribed": ("unsubscribed",),
}  # fmt: skip
_HEARD = frozenset(united(_KINDS.values())) & EVENT_KINDS
_ELSEWHERE = {"marketing": "there are no campaigns here", "inbound": "mail is not received here"}


class Auth(Body):
    """What calls prove themselves with."""

    type: Literal["bearer"]
    token: str = Field(min_length=1, max_length=900)


class Header(Body):
    """A field of calls."""

    key: str = Field(max_length=200)
    value: str = Field(max_length=1000)


class Change(Body):
    """What to change; what is left out stays."""

    url: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    description: str | None = Field(default=None, max_length=255)
    events: list[str] | None = Field(default=None, min_length=1, max_length=40)
    type: Literal["transactional", "marketing", "inbound"] = "transactional"
    channel: Literal["email", "sms"] = "email"
    batched: bool = False
    domain: str = Field(default="", max_length=253)
    auth: Auth | None = None
    headers: list[Header] = Field(default=[], max_length=20)

    def wish(self) -> Wish:
        """Return what our webhook is to be; what we lack is refused by name."""
        self._refuse()
        return Wish(
            url=self.url,
            name=self.description,
            events=None if self.events is None else united(_kinds_of(each) for each in self.events),
            format="brevo",
            authorization=self._authorization(),
        )

    def _refuse(self) -> None:
        if self.type in _ELSEWHERE:
            raise refused("type", f"{self.type}: {_ELSEWHERE[self.type]}", "use transactional")
        if self.channel == "sms" or self.domain:
            raise refused("channel" if self.channel == "sms" else "domain", "calls tell of mail that was sent")
        if self.batched:
            raise refused("batched", "a call tells one event", "use a webhook of the form mailjet, or standard")

    def _authorization(self) -> str | None:
        for each in self.headers:
            if each.key.lower() != "authorization":
                raise refused("headers", f"calls carry Authorization alone, not {each.key[:40]!r}")
        given = [each.value for each in self.headers] + ([f"Bearer {self.auth.token}"] if self.auth else [])
        if len(given) > 1:
            raise refused("headers", "calls carry one Authorization", "leave auth or headers out")
        return given[0] if given else None


class NewWebhook(Change):
    """A webhook to add."""

    url: str = Field(min_length=1, max_length=LONGEST)
    events: list[str] = Field(min_length=1, max_length=40)


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    manager = Depends(caller(services, "webhooks"))
    targets = of_settings(services.settings)

    @routes.get("/v3/webhooks")
    async def all_webhooks(
        called: Annotated[Caller, manager],
        type: Literal["transactional", "marketing", "inbound"] = "transactional",  # noqa: A002 - their name
        sort: Literal["asc", "desc"] = "desc",
    ) -> dict[str, Any]:
        """Return the webhooks that are called in this form; of other types there are none."""
        found = await called.run(told_as, called.tenant, _FORM) if type == "transactional" else []
        return {"webhooks": [_shown(each) for each in (found if sort == "asc" else reversed(found))]}

    @routes.post("/v3/webhooks", status_code=201)
    async def add_webhook(given: NewWebhook, called: Annotated[Caller, manager]) -> dict[str, int]:
        """Add a webhook; what happens from now on is told to it."""
        made: Any = await called.run(endpoints.create, targets, called.tenant, given.wish())
        return {"id": number_of(made["id"])}

    @routes.get("/v3/webhooks/{number}")
    async def one_webhook(number: int, called: Annotated[Caller, manager]) -> dict[str, Any]:
        """Return a webhook."""
        return _shown(await called.run(_find, called.tenant, number))

    @routes.put("/v3/webhooks/{number}", status_code=204, response_class=Response)
    async def change_webhook(number: int, given: Change, called: Annotated[Caller, manager]) -> None:
        """Change what is given."""
        found, wish = await called.run(_find, called.tenant, number), given.wish()
        await called.run(endpoints.update, targets, called.tenant, found["id"], wish)

    @routes.delete("/v3/webhooks/{number}", status_code=204, response_class=Response)
    async def remove_webhook(number: int, called: Annotated[Caller, manager]) -> None:
        """Remove a webhook."""
        found = await called.run(_find, called.tenant, number)
        await called.run(endpoints.remove, called.tenant, found["id"])

    @routes.post("/v3/webhooks/export")
    async def export(called: Annotated[Caller, manager]) -> None:
        """Refuse: calls are logged, and events are read."""
        raise refused("/v3/webhooks/export", "is not answered in this form", f"GET /v1/events of {called.tenant}")


def _kinds_of(name: str) -> tuple[str, ...]:
    if name not in _KINDS:
        raise refused("events", f"{name[:40]!r} does not happen here", f"choose of {', '.join(_KINDS)}")
    return _KINDS[name]


def _find(office: Office, tenant: str, number: int) -> dict[str, Any]:
    found = next((each for each in told_as(office, tenant, _FORM) if number_of(each["id"]) == number), None)
    if found is None:
        raise NotFound(f"there is no webhook {number}", place="webhook", fix="see GET /v3/webhooks")
    return found


def _shown(hook: dict[str, Any]) -> dict[str, Any]:
    heard = kinds(hook) & _HEARD
    return {
        "id": number_of(hook["id"]),
        "url": hook["url"],
        "description": hook["name"],
        "events": [name for name, told in _KINDS.items() if heard.issuperset(told)],
        "type": "transactional",
        "channel": "email",
        "batched": False,
        "createdAt": _moment(hook["created"]),
        "modifiedAt": _moment(hook["changed"]),
        "headers": [],
    }


def _moment(text: str) -> str:
    return moment(datetime.fromisoformat(text).timestamp())
