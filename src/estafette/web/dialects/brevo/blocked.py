"""``/v3/smtp/blockedContacts``, ``blockedDomains`` and ``deleteHardbounces``: who gets no mail.

Shapes: developers.brevo.com, reference of transactional e-mail. A credential reads; a management key changes too.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import Field

from estafette.store.interface.records import Suppression
from estafette.store.interface.stops import Key, Search
from estafette.tenancy import suppressions
from estafette.tenancy.office import NotFound, Office
from estafette.web.api.actor import Caller
from estafette.web.api.strict import Body
from estafette.web.dialects.brevo.moments import days, moment
from estafette.web.dialects.brevo.user import caller
from estafette.web.dialects.translation import refused
from estafette.web.services import Services

#: Reason of an entry -> code and message there; any other was blocked by somebody of the account.
_REASONS = {
    "bounced": ("hardBounce", "Hard bounced"),
    "soft_bounced": ("hardBounce", "Soft bounced too often"),
    "complained": ("contactFlaggedAsSpam", "Complained about a message"),
    "unsubscribed": ("unsubscribedViaEmail", "Unsubscribed"),
    "erased": ("unsubscribedViaApi", "Asked to be forgotten"),
}
_BLOCKED = ("adminBlocked", "Blocked by the account")
_BOUNCES = ("bounced", "soft_bounced")
_MOST_DOMAINS = 10_000
_AT_ONCE = 1_000


class Domain(Body):
    """A domain to block."""

    domain: str = Field(min_length=1, max_length=253)


class HardBounces(Body):
    """Whose bounces are forgotten; nothing named: everybody's."""

    startDate: str = Field(default="", max_length=10)  # noqa: N815 - their name
    endDate: str = Field(default="", max_length=10)  # noqa: N815 - their name
    contactEmail: str = Field(default="", max_length=320)  # noqa: N815 - their name


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    reader, changer = Depends(caller(services, "read")), Depends(caller(services, "suppressions"))

    @routes.get("/v3/smtp/blockedContacts")
    async def blocked_contacts(
        called: Annotated[Caller, reader],
        startDate: Annotated[str, Query(max_length=10)] = "",  # noqa: N803 - their name
        endDate: Annotated[str, Query(max_length=10)] = "",  # noqa: N803 - their name
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        senders: Annotated[list[str] | None, Query(max_length=100)] = None,
        sort: Literal["asc", "desc"] = "desc",
    ) -> dict[str, Any]:
        """Return the addresses that get no mail."""
        if senders:
            raise refused("senders", "an entry stops a stream or the account, whoever writes")
        since, until = _span(startDate, endDate, services.clock.now())
        search = Search(
            tenant=called.tenant, since=since, until=until, wild=False, limit=limit, offset=offset,
            descending=sort == "desc",
        )  # fmt: skip
        count, found = await called.run(lambda office: office.control.stops.search(search))
        return {"count": count, "contacts": [_shown(each) for each in found]}

    @routes.delete("/v3/smtp/blockedContacts/{email}", status_code=204, response_class=Response)
    async def unblock(email: str, called: Annotated[Caller, changer]) -> None:
        """Let an address get mail again, on every stream."""
        gone = await called.run(suppressions.release_many, called.tenant, [email])
        if not gone["removed"]:
            raise NotFound(f"{email[:320]} is not blocked", place="email", fix="see GET /v3/smtp/blockedContacts")

    @routes.get("/v3/smtp/blockedDomains")
    async def blocked_domains(called: Annotated[Caller, reader]) -> dict[str, Any]:
        """Return the domains to which no mail goes."""
        search = Search(tenant=called.tenant, wild=True, limit=_MOST_DOMAINS, order="address", descending=False)
        _, found = await called.run(lambda office: office.control.stops.search(search))
        return {"domains": sorted({each.address.removeprefix("*@") for each in found})}

    @routes.post("/v3/smtp/blockedDomains", status_code=201, response_class=Response)
    async def block_domain(given: Domain, called: Annotated[Caller, changer]) -> None:
        """Send no mail to a domain."""
        await called.run(suppressions.add, called.tenant, f"*@{given.domain}")

    @routes.delete("/v3/smtp/blockedDomains/{domain}", status_code=204, response_class=Response)
    async def unblock_domain(domain: str, called: Annotated[Caller, changer]) -> None:
        """Send mail to a domain again."""
        gone = await called.run(suppressions.release_many, called.tenant, [f"*@{domain}"])
        if not gone["removed"]:
            raise NotFound(f"{domain[:253]} is not blocked", place="domain", fix="see GET /v3/smtp/blockedDomains")

    @routes.post("/v3/smtp/deleteHardbounces", status_code=204, response_class=Response)
    async def forget_bounces(given: HardBounces, called: Annotated[Caller, changer]) -> None:
        """Let addresses get mail again that bounced."""
        since, until = _span(given.startDate, given.endDate, services.clock.now())
        address = suppressions.key_of(given.contactEmail) if given.contactEmail else ""
        search = Search(
            tenant=called.tenant, since=since, until=until, reasons=_BOUNCES, address=address, limit=_AT_ONCE
        )
        await called.run(_forget, search)


def _forget(office: Office, search: Search) -> None:
    while True:
        _, found = office.control.stops.search(search)
        keys = [Key(each.tenant, each.stream, each.address) for each in found]
        if keys:
            entry = office.entry("suppression.release_many", tenant=search.tenant, detail=f"{len(keys)} bounced")
            office.control.stops.remove(keys, entry)
        if len(keys) < search.limit:
            return


def _span(start: str, end: str, now: float) -> tuple[float, float]:
    """Return from when until when dates reach; without any, everything."""
    return days(start, end, now, most=100_000) if start or end else (0.0, now + 1)


def _shown(entry: Suppression) -> dict[str, Any]:
    code, message = _REASONS.get(entry.reason, _BLOCKED)
    return {
        "email": entry.address,
        "senderEmail": "",
        "reason": {"code": code, "message": entry.reply or message},
        "blockedAt": moment(entry.created),
    }
