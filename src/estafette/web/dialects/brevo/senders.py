"""``/v3/senders``: single addresses of the account, verified by a link that is mailed to them."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import Field

from estafette.store.interface.page import Page
from estafette.tenancy import senders
from estafette.tenancy.office import NotFound, Office
from estafette.web.api.actor import Caller
from estafette.web.api.strict import Body
from estafette.web.dialects.brevo.user import caller
from estafette.web.dialects.translation import refused
from estafette.web.services import Services

_MOST = 1000


class NewSender(Body):
    """An address to add. name: given with each message, and not kept."""

    email: str = Field(min_length=3, max_length=320)
    name: str = Field(max_length=1000)
    ips: list[Any] = Field(default=[])


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    reader, changer = Depends(caller(services, "read")), Depends(caller(services, "domains"))

    @routes.get("/v3/senders")
    async def all_senders(
        called: Annotated[Caller, reader],
        ip: Annotated[str, Query(max_length=64)] = "",
        domain: Annotated[str, Query(max_length=255)] = "",
    ) -> dict[str, Any]:
        """Return the addresses of the account."""
        if ip:
            raise refused("ip", "the service chooses the address it sends from")
        found = [_shown(each) for each in await called.run(_all, called.tenant)]
        return {"senders": [each for each in found if not domain or each["email"].endswith(f"@{domain.lower()}")]}

    @routes.post("/v3/senders", status_code=201)
    async def add_sender(given: NewSender, called: Annotated[Caller, changer]) -> dict[str, Any]:
        """Add an address and mail it a link; its domain does not sign for it."""
        if given.ips:
            raise refused("ips", "the service chooses the address it sends from")
        made = await called.run(senders.add, called.tenant, given.email)
        return {"id": number_of(str(made["id"])), "spfError": True, "dkimError": True}

    @routes.put("/v3/senders/{number}")
    async def change_sender(number: int, called: Annotated[Caller, changer]) -> None:
        """Refuse: an address is what it is, and its name comes with each message."""
        await called.run(_find, called.tenant, number)
        raise refused("email, name", "a sender does not change", "remove it and add another; write names in messages")

    @routes.put("/v3/senders/{number}/validate")
    async def validate(number: int, called: Annotated[Caller, changer]) -> None:
        """Refuse: there is no code, but a link."""
        await called.run(_find, called.tenant, number)
        raise refused("otp", "there is no code", "open the link that was mailed to the address")

    @routes.delete("/v3/senders/{number}", status_code=204, response_class=Response)
    async def remove_sender(number: int, called: Annotated[Caller, changer]) -> None:
        """Take an address back."""
        await called.run(_remove, called.tenant, number)


def address_of(office: Office, tenant: str, number: int) -> str:
    """Return the address of a sender; NotFound."""
    return str(_find(office, tenant, number)["address"])


def number_of(name: str) -> int:
    """Return the number under which Brevo's clients know what has this id: they take whole numbers only."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6])


def _find(office: Office, tenant: str, number: int) -> dict[str, Any]:
    found = next((each for each in _all(office, tenant) if number_of(each["id"]) == number), None)
    if found is None:
        raise NotFound(f"there is no sender {number}", place="sender", fix="see GET /v3/senders")
    return found


def _remove(office: Office, tenant: str, number: int) -> None:
    senders.remove(office, _find(office, tenant, number)["id"], tenant=tenant)


def _all(office: Office, tenant: str) -> list[dict[str, Any]]:
    held: Any = senders.list_all(office, tenant, page=Page(limit=_MOST))
    return list(held["items"])


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": number_of(found["id"]),
        "name": "",
        "email": found["address"],
        "active": found["status"] == "verified",
        "ips": [],
    }
