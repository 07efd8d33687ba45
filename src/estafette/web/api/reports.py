"""``/v1/reports``: what receivers say of mail from a tenant's domains (DMARC), and of TLS with its servers."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from estafette.mail.receivers.reader import LARGEST
from estafette.model.report import ReportKind, ReportOrigin
from estafette.store.interface.page import Page
from estafette.tenancy import reports
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import StrictRoute
from estafette.web.problems import Problem
from estafette.web.services import Services

_FILE = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
DomainName = Annotated[str, Query(max_length=255, description="Only of this domain")]
Days = Annotated[int, Query(ge=1, le=400, description="How many days to look back")]


class ReportResource(BaseModel):
    """A report. Everything but ``ours`` and ``ours_passed`` is the word of whoever wrote it, and nothing is proved.

    tenant: "" = about the service's own domains. unlisted: messages of rows that are not kept.
    """

    id: str
    tenant: str
    kind: ReportKind
    domain: str
    reporter: str
    report: str
    contact: str
    begin: str | None
    end: str | None
    received: str | None
    origin: ReportOrigin
    sender: str
    form: str
    policy: str
    messages: int
    passed: int
    ours: int
    ours_passed: int
    unlisted: int


class RowResource(BaseModel):
    """A line of a report: a source address and what became of so many messages, or failed sessions."""

    source: str
    count: int
    passed: bool
    ours: bool
    disposition: str
    dkim: str
    spf: str
    header_from: str
    envelope_from: str
    signer: str
    selector: str
    signature: str
    spf_domain: str
    spf_result: str
    result: str
    target: str
    reason: str


class WholeReport(ReportResource):
    """A report with its rows, those of most messages first."""

    rows: list[RowResource]


class SourceResource(BaseModel):
    """An address that sent mail of a domain, summed over reports. verdict, words: what that means."""

    domain: str
    source: str
    ours: bool
    messages: int
    passed: int
    dkim: int
    spf: int
    rejected: int
    quarantined: int
    first: str
    last: str
    verdict: Literal["own", "own_failing", "allowed", "partly", "foreign"]
    words: str


class DayResource(BaseModel):
    """A day that reports are about: messages of a domain, of them passed, ours, and ours that passed."""

    domain: str
    day: str
    messages: int
    passed: int
    ours: int
    ours_passed: int


class TakenResource(BaseModel):
    """What became of one domain's part of an upload; ``id`` when it is new."""

    id: str
    tenant: str
    kind: ReportKind
    domain: str
    reporter: str
    state: reports.Became


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/reports", tags=["reports"], route_class=StrictRoute)
    reader = May(services, "read")

    @routes.get("")
    async def list_reports(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        kind: Annotated[ReportKind | None, Query()] = None,
        domain: DomainName = "",
    ) -> Listed[ReportResource]:
        """Return reports, the newest time first; whoever runs the service and names no tenant sees all."""
        found: Any = await caller.run(reports.list_all, caller.tenant, kind=kind, domain=domain, page=wanted)
        return Listed[ReportResource].model_validate(found)

    @routes.post("", openapi_extra=_FILE)
    async def import_report(
        request: Request, caller: Annotated[Caller, Depends(May(services, "domains"))]
    ) -> Listed[TakenResource]:
        """Take a report as the receiver sent it: XML or JSON, plain, gzip or ZIP. A known one changes nothing."""
        octets = await _file(request)
        given = services.settings.source_addresses
        taken: Any = await caller.run(reports.upload, octets, sources=given, tenant=caller.tenant)
        return Listed[TakenResource].model_validate(taken)

    @routes.get("/sources")
    async def list_sources(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        domain: DomainName = "",
        days: Days = 30,
    ) -> Listed[SourceResource]:
        """Return the addresses that sent mail of a domain: which are ours, and what passed."""
        found: Any = await caller.run(reports.sources, caller.tenant, domain=domain, days=days, page=wanted)
        return Listed[SourceResource].model_validate(found)

    @routes.get("/days")
    async def list_days(
        caller: Annotated[Caller, Depends(reader)], domain: DomainName = "", days: Days = 30
    ) -> Listed[DayResource]:
        """Return by day how many messages were reported, and how many passed; at most 1,000 lines, newest first."""
        found: Any = await caller.run(reports.days, caller.tenant, domain=domain, days=days)
        return Listed[DayResource].model_validate(found)

    @routes.get("/{report}")
    async def show_report(report: str, caller: Annotated[Caller, Depends(reader)]) -> WholeReport:
        """Return one report with its rows."""
        return WholeReport.model_validate(await caller.run(reports.show, report, tenant=caller.tenant))

    return routes


async def _file(request: Request) -> bytes:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > LARGEST:
            raise Problem(413, "too_large", f"at most {LARGEST} octets", "no report is as large")
        pieces.append(piece)
    return b"".join(pieces)
