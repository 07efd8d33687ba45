"""``/v3/REST/campaign``: campaigns by name, and the numbers by which statistics ask for them."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from estafette.model.credential import Identity
from estafette.web.dialects.mailjet.listing import listing
from estafette.web.dialects.mailjet.times import moment
from estafette.web.dialects.mailjet.user import user
from estafette.web.problems import Problem
from estafette.web.services import Services


def number_of(campaign: str) -> int:
    """Return the number of a campaign, 0 for none: of its name, so that it needs no table; JavaScript holds it."""
    return int.from_bytes(hashlib.sha256(campaign.encode()).digest()[:6]) if campaign else 0


async def named(services: Services, identity: Identity, number: int) -> str:
    """Return the campaign that has a number; Problem 404."""
    begun = await services.statistics.begun(identity.tenant, "campaign")
    found = next((name for name in begun if number_of(name) == number), None)
    if found is None:
        raise Problem(404, "not_found", f"there is no campaign {number}", "see GET /v3/REST/campaign", field="SourceID")
    return found


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun: reading alone, a campaign begins with its first message."""
    caller = Depends(user(services))

    @routes.get("/v3/REST/campaign")
    async def campaigns(
        identity: Annotated[Identity, caller],
        custom: Annotated[str, Query(alias="CustomCampaign", max_length=255)] = "",
        limit: Annotated[int, Query(alias="Limit", ge=0, le=1000)] = 10,
        offset: Annotated[int, Query(alias="Offset", ge=0, le=1_000_000)] = 0,
    ) -> dict[str, Any]:
        """Return the account's campaigns that were counted, the newest first."""
        begun = await services.statistics.begun(identity.tenant, "campaign")
        found = [name for name in sorted(begun, key=lambda name: (-begun[name], name)) if custom in {"", name}]
        page = found[offset : offset + (limit or 1000)]
        return listing([_campaign(name, begun) for name in page])

    @routes.get("/v3/REST/campaign/{number}")
    async def campaign(number: int, identity: Annotated[Identity, caller]) -> dict[str, Any]:
        """Return one campaign."""
        name = await named(services, identity, number)
        return listing([_campaign(name, await services.statistics.begun(identity.tenant, "campaign"))])


def _campaign(name: str, begun: Mapping[str, int]) -> dict[str, Any]:
    return {
        "ID": number_of(name), "CustomValue": name, "CreatedAt": moment(begun[name]),
        "SendStartAt": moment(begun[name]), "IsDeleted": False, "IsStarred": False,
    }  # fmt: skip
