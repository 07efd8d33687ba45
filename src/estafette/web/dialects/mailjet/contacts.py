"""``/v3/REST/contact``: who is excluded, and nothing else of contacts.

Shapes: mailjet/api-documentation, guides/_exclusionlist.md. There it stops campaigns alone; an entry here stops
whatever its stream says. The pair of a credential reads; a management key as bearer token changes too.
"""

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from estafette.store.interface.records import Suppression
from estafette.store.interface.stops import Search
from estafette.tenancy import suppressions
from estafette.tenancy.office import NotFound, Office, moment
from estafette.tenancy.suppressions import Wanted
from estafette.web.api.strict import Body
from estafette.web.dialects.mailjet.listing import listing
from estafette.web.dialects.mailjet.user import managed
from estafette.web.dialects.translation import refused
from estafette.web.services import Services

_MOST = 1000
#: What is written for both: the JSON of clients is not all of one mind.
Flag = Literal[True, False, "true", "false"]


class Change(Body):
    """What becomes of an address."""

    IsExcludedFromCampaigns: Flag
    Name: str = Field(default="", max_length=1000)


class Many(Change):
    """One of several."""

    Email: str = Field(min_length=3, max_length=320)
    Properties: dict[str, Any] = Field(default={})


class Several(Body):
    """Addresses of one request."""

    Contacts: list[Many] = Field(min_length=1, max_length=suppressions.MOST)


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""

    @routes.get("/v3/REST/contact")
    async def excluded(
        request: Request,
        IsExcludedFromCampaigns: Literal["true", "false"] = "true",  # noqa: N803 - their name
        Limit: Annotated[int, Query(ge=1, le=_MOST)] = 10,  # noqa: N803 - their name
        Offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,  # noqa: N803 - their name
    ) -> dict[str, Any]:
        """Return the addresses that are excluded."""
        caller = await managed(services, request, "read")
        if IsExcludedFromCampaigns == "false":
            raise refused("IsExcludedFromCampaigns", "only addresses that are excluded are kept here", "ask for true")
        search = Search(tenant=caller.tenant, wild=False, limit=Limit, offset=Offset, descending=False)
        count, found = await caller.run(lambda office: office.control.stops.search(search))
        return listing([_shown(each) for each in found]) | {"Total": count}

    @routes.post("/v3/REST/contact/managemanycontacts", status_code=201)
    async def change_many(given: Several, request: Request) -> dict[str, Any]:
        """Exclude several addresses, or let them get mail again."""
        caller = await managed(services, request, "suppressions")
        await caller.run(_change, caller.tenant, [(each.Email, _true(each)) for each in given.Contacts])
        return listing([{"JobID": 0}])

    @routes.get("/v3/REST/contact/{email}")
    async def one(email: str, request: Request) -> dict[str, Any]:
        """Return an address that is excluded."""
        caller = await managed(services, request, "read")
        return listing([_shown(await caller.run(_find, caller.tenant, email))])

    @routes.put("/v3/REST/contact/{email}")
    async def change(email: str, given: Change, request: Request) -> dict[str, Any]:
        """Exclude an address, or let it get mail again."""
        caller = await managed(services, request, "suppressions")
        await caller.run(_change, caller.tenant, [(email, _true(given))])
        if _true(given):
            return listing([_shown(await caller.run(_find, caller.tenant, email))])
        return listing([{"Email": suppressions.key_of(email), "IsExcludedFromCampaigns": False}])


def _true(given: Change) -> bool:
    return given.IsExcludedFromCampaigns in {True, "true"}


def _change(office: Office, tenant: str, several: list[tuple[str, bool]]) -> None:
    wanted = [Wanted(address=email) for email, excluded in several if excluded]
    released = [email for email, excluded in several if not excluded]
    if wanted:
        suppressions.add_many(office, tenant, wanted, weak=True)
    if released:
        suppressions.release_many(office, tenant, released)


def _find(office: Office, tenant: str, email: str) -> Suppression:
    search = Search(tenant=tenant, address=suppressions.key_of(email), limit=1)
    _, found = office.control.stops.search(search)
    if not found:
        raise NotFound(f"{email[:320]} is not excluded", place="contact", fix="see GET /v3/REST/contact")
    return found[0]


def _shown(entry: Suppression) -> dict[str, Any]:
    at = moment(entry.created) or ""
    return {
        "ID": int.from_bytes(hashlib.sha256(entry.address.encode()).digest()[:6]),
        "Email": entry.address,
        "Name": "",
        "CreatedAt": at,
        "ExclusionFromCampaignsUpdatedAt": at,
        "IsExcludedFromCampaigns": True,
        "IsOptInPending": False,
        "IsSpamComplaining": entry.reason == "complained",
        "LastActivityAt": at,
        "LastUpdateAt": at,
        "DeliveredCount": 0,
        "UnsubscribedAt": at if entry.reason == "unsubscribed" else "",
        "UnsubscribedBy": "",
    }
