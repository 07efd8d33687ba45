"""``/v3/senders/domains``: domains of the account, and the records that prove them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import Field

from estafette.store.interface.page import Page
from estafette.tenancy import comparison, domains, proof
from estafette.web.api.actor import Caller
from estafette.web.api.strict import Body
from estafette.web.dialects.brevo.senders import number_of
from estafette.web.dialects.brevo.user import caller
from estafette.web.services import Services

_MOST = 1000
_PROVED = frozenset({"verified", "warning"})


class NewDomain(Body):
    """A domain to add."""

    name: str = Field(min_length=1, max_length=255)


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    reader, changer = Depends(caller(services, "read")), Depends(caller(services, "domains"))

    async def checked(called: Caller, domain: str) -> dict[str, Any]:
        """Return the records of a domain with what DNS has."""
        printed = await called.run(domains.show, domain, tenant=called.tenant)
        return dict(await comparison.compare(printed, services.names))

    @routes.get("/v3/senders/domains")
    async def all_domains(called: Annotated[Caller, reader]) -> dict[str, Any]:
        """Return the domains of the account."""
        found: Any = await called.run(domains.list_all, called.tenant, page=Page(limit=_MOST))
        told = [_shown(each) for each in found["items"]]
        return {"domains": told, "count": len(told), "current_page": 1, "total_pages": 1}

    @routes.post("/v3/senders/domains", status_code=201)
    async def add_domain(given: NewDomain, called: Annotated[Caller, changer]) -> dict[str, Any]:
        """Add a domain with fresh keys; the answer names the records to publish."""
        made: dict[str, Any] = await called.run(domains.add, called.tenant, given.name)
        return {
            "id": number_of(made["id"]),
            "domain_name": made["domain"],
            "domain_provider": "",
            "message": "Domain added. Publish the records, then authenticate it.",
            "dns_records": _records(made["records"]),
        }

    @routes.get("/v3/senders/domains/{domain}")
    async def show_domain(domain: str, called: Annotated[Caller, reader]) -> dict[str, Any]:
        """Return a domain with its records as its name servers have them."""
        found = await checked(called, domain)
        proved = found["status"] in _PROVED
        return {
            "domain": found["domain"], "verified": proved, "authenticated": proved,
            "dns_records": _records(found["records"]),
        }  # fmt: skip

    @routes.put("/v3/senders/domains/{domain}/authenticate")
    async def authenticate(domain: str, called: Annotated[Caller, changer]) -> dict[str, str]:
        """Look for the ownership record, and make the domain the account's when it is there."""
        found = await checked(called, domain)
        proved = await called.run(proof.conclude, found, tenant=called.tenant)
        return {"domain_name": str(proved["domain"]), "message": "Domain has been authenticated successfully."}

    @routes.delete("/v3/senders/domains/{domain}", status_code=204, response_class=Response)
    async def remove_domain(domain: str, called: Annotated[Caller, changer]) -> None:
        """Remove a domain with its keys."""
        await called.run(domains.remove, domain, tenant=called.tenant)


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    proved = found["status"] in _PROVED
    return {
        "id": str(number_of(found["id"])),
        "domain_name": found["domain"],
        "authenticated": proved,
        "verified": proved,
        "ip": None,
        "provider": "",
        "creator": {"id": "", "email": "", "creationDate": found["created"]},
    }


def _records(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the records under Brevo's names; of further keys each is one more."""
    told: dict[str, dict[str, Any]] = {}
    for line in lines:
        if line["purpose"] == "ownership":
            told["brevo_code"] = _record(line)
        elif line["purpose"] == "dkim":
            place = sum(name.startswith("dkim") for name in told) + 1
            told["dkim_record" if place == 1 else f"dkim{place}_record"] = _record(line)
        else:
            told[f"{line['purpose']}_record"] = _record(line)
    return told


def _record(line: dict[str, Any]) -> dict[str, Any]:
    return {"type": line["type"], "host_name": line["name"], "value": line["value"], "status": bool(line.get("ok"))}
