"""``/v3/REST/eventcallbackurl``: one address for each type of event, each a webhook of ours.

Shapes: dev.mailjet.com, reference of webhooks. Whoever manages the account reads and changes, with a management key as
bearer token: an address may hold a secret. What the page made for several types is shown as one entry for each.
"""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import Field

from estafette.tenancy.office import NotFound, Office
from estafette.web.api.actor import Caller
from estafette.web.api.strict import Body
from estafette.web.dialects.hooks import kinds, number_of, told_as
from estafette.web.dialects.mailjet.listing import listing
from estafette.web.dialects.mailjet.user import manager
from estafette.web.dialects.translation import refused
from estafette.web.problems import Problem
from estafette.web.services import Services
from estafette.webhooks import endpoints
from estafette.webhooks.endpoints import Wish
from estafette.webhooks.targets import LONGEST, of_settings

Type = Literal["open", "click", "bounce", "spam", "blocked", "unsub", "sent"]
#: Type -> our kinds, as ``events`` names them.
_KINDS: dict[Type, frozenset[str]] = {
    "open": frozenset({"opened"}),
    "click": frozenset({"clicked"}),
    "bounce": frozenset({"deferred", "bounced", "failed"}),
    "spam": frozenset({"complained"}),
    "blocked": frozenset({"rejected"}),
    "unsub": frozenset({"unsubscribed"}),
    "sent": frozenset({"delivered", "sent"}),
}
#: Version -> the form of bodies: an object, or several in an array.
_FORMS: dict[int, Literal["mailjet_single", "mailjet"]] = {1: "mailjet_single", 2: "mailjet"}
_VERSIONS = {form: version for version, form in _FORMS.items()}
_STATUS: dict[str, Literal["active", "disabled"]] = {"alive": "active", "dead": "disabled"}


class Change(Body):
    """What to change; what is left out stays. Flags: the JSON of clients is not all of one mind."""

    EventType: Type | None = None
    IsBackup: Literal[False, True, "false", "true"] = False
    Status: Literal["alive", "dead"] | None = None
    Url: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    Version: Literal[1, 2, "1", "2"] | None = None

    def wish(self) -> Wish:
        """Return what our webhook is to be; a backup address is refused by name."""
        if self.IsBackup in {True, "true"}:
            raise refused("IsBackup", "there are no backup addresses: calls are repeated for days")
        return Wish(
            url=self.Url,
            events=None if self.EventType is None else sorted(_KINDS[self.EventType]),
            format=None if self.Version is None else _FORMS[int(self.Version)],
            status=None if self.Status is None else _STATUS[self.Status],
        )


class NewCallback(Change):
    """An address to add."""

    EventType: Type = "open"
    Url: str = Field(min_length=1, max_length=LONGEST)
    Version: Literal[1, 2, "1", "2"] = 1


class Entry(msgspec.Struct, frozen=True):
    """One type of a webhook. alone: it hears of nothing else."""

    number: int
    type: Type
    hook: dict[str, Any]
    alone: bool

    def shown(self) -> dict[str, Any]:
        """Return it as Mailjet tells it."""
        return {
            "ID": self.number,
            "APIKeyID": number_of(self.hook["tenant"]),
            "EventType": self.type,
            "IsBackup": False,
            "Status": "alive" if self.hook["status"] == "active" else "dead",
            "Url": self.hook["url"],
            "Version": _VERSIONS[self.hook["format"]],
        }


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    managing = Depends(manager(services, "webhooks"))
    targets = of_settings(services.settings)

    @routes.get("/v3/REST/eventcallbackurl")
    async def all_callbacks(called: Annotated[Caller, managing]) -> dict[str, Any]:
        """Return the addresses of the account."""
        return listing([each.shown() for each in await called.run(_all, called.tenant)])

    @routes.get("/v3/REST/eventcallbackurl/{name}")
    async def one_callback(name: str, called: Annotated[Caller, managing]) -> dict[str, Any]:
        """Return one address, by number or as ``TYPE|false``."""
        return listing([(await called.run(_find, called.tenant, name)).shown()])

    @routes.post("/v3/REST/eventcallbackurl", status_code=201)
    async def add_callback(given: NewCallback, called: Annotated[Caller, managing]) -> dict[str, Any]:
        """Add an address for a type that has none."""
        wish = given.wish()
        await called.run(_check_free, called.tenant, given.EventType)
        made = await called.run(endpoints.create, targets, called.tenant, wish)
        return listing([_entry(made, given.EventType).shown()])

    @routes.put("/v3/REST/eventcallbackurl/{name}")
    async def change_callback(name: str, given: Change, called: Annotated[Caller, managing]) -> dict[str, Any]:
        """Change an address; "alive" begins anew with what happens from then on."""
        found, wish = _sole(await called.run(_find, called.tenant, name)), given.wish()
        if given.EventType not in {None, found.type}:
            await called.run(_check_free, called.tenant, given.EventType)
        changed = await called.run(endpoints.update, targets, called.tenant, found.hook["id"], wish)
        return listing([_entry(changed, given.EventType or found.type).shown()])

    @routes.delete("/v3/REST/eventcallbackurl/{name}", status_code=204, response_class=Response)
    async def remove_callback(name: str, called: Annotated[Caller, managing]) -> None:
        """Remove an address."""
        found = _sole(await called.run(_find, called.tenant, name))
        await called.run(endpoints.remove, called.tenant, found.hook["id"])


def _all(office: Office, tenant: str) -> list[Entry]:
    hooks = told_as(office, tenant, _VERSIONS)
    return [_entry(hook, each) for hook in hooks for each, named in _KINDS.items() if named <= kinds(hook)]


def _entry(hook: dict[str, Any], of: Type) -> Entry:
    return Entry(number_of(hook["id"], of), of, hook, kinds(hook) == _KINDS[of])


def _find(office: Office, tenant: str, name: str) -> Entry:
    found = [each for each in _all(office, tenant) if name.lower() in {str(each.number), f"{each.type}|false"}]
    if not found:
        raise NotFound(
            f"there is no address {name[:40]!r}", place="eventcallbackurl", fix="see GET /v3/REST/eventcallbackurl"
        )
    return found[0]


def _sole(entry: Entry) -> Entry:
    """Return an entry that may be changed here."""
    if not entry.alone:
        detail = f"the webhook {entry.hook['id']} hears of more than {entry.type}"
        raise Problem(400, "several_types", detail, "change it with PATCH /v1/webhooks/ID", field="EventType")
    return entry


def _check_free(office: Office, tenant: str, wanted: Type) -> None:
    if any(each.type == wanted for each in _all(office, tenant)):
        detail = f"{wanted} has an address"
        raise Problem(
            400, "already_there", detail, "change that one: PUT /v3/REST/eventcallbackurl/ID", field="EventType"
        )
