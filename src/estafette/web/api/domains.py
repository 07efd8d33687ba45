"""``/v1/domains``: sending domains, the DNS records that prove them, and their keys."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.tenancy import comparison, domains, mailboxes, proof, rotation
from estafette.tenancy.mailboxes import Wish
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services

Status = Literal["pending", "verified", "warning", "suspended"]


class NewDomain(Body):
    """A domain to add."""

    domain: str = Field(min_length=1, max_length=255, examples=["company.example"])
    ed25519: bool = Field(default=False, description="Sign with Ed25519 too")


class Record(BaseModel):
    """A DNS record to publish."""

    type: str
    name: str
    value: str
    purpose: str


class CheckedRecord(Record):
    """A record and what the name servers have."""

    need: Literal["required", "recommended", "optional"]
    found: list[str]
    ok: bool
    state: Literal["found", "different", "missing", "partial"]
    words: str = Field(description="What is wrong, and what to do")
    asked: list[str] = Field(description="Name servers that answered; none = a resolver did")
    silent: list[str] = Field(description="Name servers that did not answer")


class Key(BaseModel):
    """A DKIM key. Only an active one whose record was seen signs."""

    selector: str
    kind: Literal["rsa", "ed25519"]
    stage: Literal["next", "active", "retiring", "retired"]
    since: str | None
    until: str | None = Field(description="When the stage ends by itself")
    seen: str | None = Field(description="When its record was last seen")


class Incoming(Body):
    """Where the people of a domain read their mail over IMAP; mail programs that ask are told."""

    host: str = Field(min_length=1, max_length=255, examples=["imap.company.example"])
    port: int | None = Field(default=None, ge=1, le=65535, description="993 with tls, 143 with starttls")
    socket: Literal["tls", "starttls"] = "tls"
    sign_in: Literal["password", "encrypted", "oauth2"] = "password"
    login: str = Field(
        default="address", min_length=1, max_length=255,
        description="User name: address, local, or a text with %EMAILADDRESS% or %EMAILLOCALPART%",
    )  # fmt: skip


class SaidIncoming(BaseModel):
    """The same as it is kept."""

    host: str
    port: int
    socket: Literal["tls", "starttls"]
    sign_in: Literal["password", "encrypted", "oauth2"]
    login: str


class DomainResource(BaseModel):
    """A domain."""

    domain: str = Field(examples=["company.example"])
    id: str
    tenant: str
    status: Status
    reason: str
    created: str | None
    checked: str | None
    warned: str | None = Field(description="Since when its records are gone")
    zone: str = Field(description="The DNS zone that holds it, once it was looked for")
    incoming: SaidIncoming | None = Field(description="Where its people read, for mail programs that ask")
    keys: list[Key]
    records: list[Record]
    version: int


class CheckedDomain(BaseModel):
    """A domain compared with DNS."""

    domain: str
    status: Status
    zone: str
    records: list[CheckedRecord]


class SpelledRecord(BaseModel):
    """A record as the form of a DNS host wants it."""

    purpose: str
    type: str
    name: str
    value: str
    priority: str


class SpelledDomain(BaseModel):
    """The records of a domain for one DNS host."""

    domain: str
    host: str
    label: str
    zone: str
    note: str
    records: list[SpelledRecord]
    zone_file: str


class RemovedDomain(BaseModel):
    """A domain that is no more."""

    domain: str
    tenant: str
    removed: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/domains", tags=["domains"], route_class=StrictRoute)
    _resources(routes, services)
    _acts(routes, services)
    _incoming(routes, services)
    return routes


def _resources(routes: APIRouter, services: Services) -> None:
    reader, maker = May(services, "read"), May(services, "domains", tenant_needed=True)

    @routes.post("", status_code=201)
    async def add_domain(
        body: NewDomain, response: Response, caller: Annotated[Caller, Depends(maker)]
    ) -> DomainResource:
        """Add a domain with fresh keys; the answer names the DNS records to publish."""
        added = await caller.run(domains.add, caller.tenant, body.domain, ed25519=body.ed25519)
        return tagged(DomainResource, added, response)

    @routes.get("")
    async def list_domains(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        status: Annotated[Literal["", "pending", "verified", "warning", "suspended"], Query()] = "",
    ) -> Listed[DomainResource]:
        """Return domains with their records, by name."""
        found: Any = await caller.run(domains.list_all, caller.tenant, page=wanted, status=status)
        return Listed[DomainResource].model_validate(found)

    @routes.get("/{domain}")
    async def show_domain(
        domain: str, response: Response, caller: Annotated[Caller, Depends(reader)]
    ) -> DomainResource:
        """Return one domain with its records."""
        return tagged(DomainResource, await caller.run(domains.show, domain, tenant=caller.tenant), response)

    @routes.get("/{domain}/records")
    async def spell_records(
        domain: str,
        caller: Annotated[Caller, Depends(reader)],
        host: Annotated[str, Query(max_length=32, description="Where its DNS is")] = "bind",
    ) -> SpelledDomain:
        """Return the records as the form of a DNS host wants them, and as lines of a zone file."""
        return SpelledDomain.model_validate(await caller.run(domains.spelled, domain, host, tenant=caller.tenant))


def _acts(routes: APIRouter, services: Services) -> None:
    changer = May(services, "domains")

    @routes.post("/{domain}/check")
    async def check_domain(domain: str, caller: Annotated[Caller, Depends(changer)]) -> CheckedDomain:
        """Compare each record with what its name servers have now; changes nothing."""
        printed = await caller.run(domains.show, domain, tenant=caller.tenant)
        return CheckedDomain.model_validate(await comparison.compare(printed, services.names))

    @routes.post("/{domain}/verify")
    async def verify_domain(
        domain: str, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> DomainResource:
        """Look for the ownership record, and make the domain this account's when it is there."""
        printed = await caller.run(domains.show, domain, tenant=caller.tenant)
        checked = await comparison.compare(printed, services.names)
        proved = await caller.run(proof.conclude, checked, tenant=str(printed["tenant"]))
        return tagged(DomainResource, proved, response)

    @routes.post("/{domain}/renew")
    async def renew_token(
        domain: str, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> DomainResource:
        """Make a fresh ownership token, which replaces the one before."""
        return tagged(DomainResource, await caller.run(proof.renew, domain, tenant=caller.tenant), response)

    @routes.post("/{domain}/rotate")
    async def rotate_keys(
        domain: str, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> DomainResource:
        """Let the next DKIM keys sign from now on, once their records were seen."""
        return tagged(DomainResource, await caller.run(rotation.rotate, domain, tenant=caller.tenant), response)

    @routes.delete("/{domain}")
    async def remove_domain(domain: str, caller: Annotated[Caller, Depends(changer)]) -> RemovedDomain:
        """Remove a domain with its keys."""
        return RemovedDomain.model_validate(await caller.run(domains.remove, domain, tenant=caller.tenant))


def _incoming(routes: APIRouter, services: Services) -> None:
    changer = May(services, "domains")

    @routes.put("/{domain}/incoming")
    async def say_incoming(
        domain: str, body: Incoming, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> DomainResource:
        """Say where the people of a domain read, in place of what was said before."""
        wish = Wish(**body.model_dump())
        return tagged(DomainResource, await caller.run(mailboxes.put, domain, wish, tenant=caller.tenant), response)

    @routes.delete("/{domain}/incoming")
    async def clear_incoming(
        domain: str, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> DomainResource:
        """Say it no longer: mail programs are told nothing about the domain."""
        return tagged(DomainResource, await caller.run(mailboxes.clear, domain, tenant=caller.tenant), response)


def zone(services: Services) -> APIRouter:
    """Return the route of the service's own zone."""
    routes = APIRouter(prefix="/zone", tags=["domains"], route_class=StrictRoute)

    @routes.get("", response_class=PlainTextResponse)
    async def export_zone(caller: Annotated[Caller, Depends(May(services, "service"))]) -> str:
        """Return what the name server of service.dns_zone publishes, as lines of a zone file."""
        return await caller.run(domains.zone)

    return routes
