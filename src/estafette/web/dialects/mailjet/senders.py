"""``/v3/REST/sender``: domains as ``*@domain``, and single addresses, of the account."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from estafette.model.credential import Identity
from estafette.store.interface.page import Page
from estafette.tenancy import domains, senders
from estafette.tenancy.office import Office
from estafette.web.api.actor import of_credential
from estafette.web.dialects.mailjet.listing import listing
from estafette.web.dialects.mailjet.user import user
from estafette.web.guard import client_of
from estafette.web.problems import Problem
from estafette.web.services import Services

_MOST = 1000
_ACTIVE = frozenset({"verified", "warning"})


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun: reading alone, because a credential sends and reads."""
    caller = Depends(user(services))

    @routes.get("/v3/REST/sender")
    def all_senders(request: Request, identity: Annotated[Identity, caller]) -> dict[str, Any]:
        """Return whom the account may send as, or is about to."""
        return listing(_all(services.office(of_credential(identity, client_of(request))), identity.tenant))

    @routes.get("/v3/REST/sender/{name}")
    def one_sender(name: str, request: Request, identity: Annotated[Identity, caller]) -> dict[str, Any]:
        """Return one of them, by number or by ``Email``."""
        found = _all(services.office(of_credential(identity, client_of(request))), identity.tenant)
        named = [each for each in found if name.lower() in {str(each["ID"]), each["Email"]}]
        if not named:
            raise Problem(404, "not_found", "there is no such sender", "see GET /v3/REST/sender")
        return listing(named)

    @routes.post("/v3/REST/sender")
    def add_sender(identity: Annotated[Identity, caller]) -> None:
        """Refuse: a credential sends and reads; whoever manages the account adds senders."""
        detail = f"{identity.username} sends and reads; senders are added by those who manage the account"
        raise Problem(403, "forbidden", detail, "add the domain in the page, or with POST /v1/domains")


def _all(office: Office, tenant: str) -> list[dict[str, Any]]:
    page = Page(limit=_MOST)
    held: Any = domains.list_all(office, tenant, page=page)
    single: Any = senders.list_all(office, tenant, page=page)
    return [
        *(_sender(each["id"], f"*@{each['domain']}", each) for each in held["items"]),
        *(_sender(each["id"], each["address"], each) for each in single["items"]),
    ]


def _sender(number: str, email: str, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "ID": int.from_bytes(hashlib.sha256(number.encode()).digest()[:6]),
        "Email": email,
        "Name": "",
        "CreatedAt": (found["created"] or "")[:19] + "Z",
        "DNSID": 0,
        "EmailType": "unknown",
        "Filename": "",
        "IsDefaultSender": False,
        "Status": "Active" if found["status"] in _ACTIVE else "Inactive",
    }
