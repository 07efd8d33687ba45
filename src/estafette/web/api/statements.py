"""``/v1/statements``: what a tenant used in a month, and what that costs; as JSON, as CSV, as a page to print."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from pydantic import BaseModel

from estafette.model.user import Language
from estafette.tenancy import paper, statements, tenants
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed
from estafette.web.api.strict import StrictRoute
from estafette.web.api.usage import Counts, StreamCounts
from estafette.web.services import Services

_SEALED = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


class Line(BaseModel):
    """One thing that costs. amount: quantity times price, rounded half up."""

    kind: str
    text: str
    quantity: int
    price: str
    currency: str
    amount: str


class StatementResource(BaseModel):
    """A statement of usage, which is not an invoice. status: open while the month runs, then closed."""

    tenant: str
    name: str
    start: str | None
    end: str | None
    timezone: str
    status: str
    plan: str
    streams: list[StreamCounts]
    totals: Counts
    lines: list[Line]
    amounts: dict[str, str]
    note: dict[str, str]


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/statements", tags=["statements"], route_class=StrictRoute)
    reader = May(services, "billing", tenant_needed=True)

    @routes.get("")
    async def list_statements(caller: Annotated[Caller, Depends(reader)]) -> Listed[StatementResource]:
        """Return the statements of a tenant, newest first; the first one is of the running month."""
        found: Any = await caller.run(statements.list_all, caller.tenant)
        return Listed[StatementResource].model_validate(found)

    @routes.get("/{month}", response_model=StatementResource)
    async def show_statement(
        month: str,
        caller: Annotated[Caller, Depends(reader)],
        form: Annotated[Literal["json", "csv", "html"], Query(description="As what to return it")] = "json",
        language: Annotated[
            Literal["en", "fr"] | None, Query(description="Of the page; by default the tenant's")
        ] = None,
    ) -> Response | dict[str, Any]:
        """Return the statement of the month in which a day lies (``2026-05-31``), or of the running one (``now``)."""
        found = await caller.run(statements.show, caller.tenant, "" if month == "now" else month)
        if form == "csv":
            return PlainTextResponse(paper.csv(found), media_type="text/csv")
        if form == "html":
            own: Language = await caller.run(tenants.language, caller.tenant)
            return HTMLResponse(paper.page(found, language or own), headers=_SEALED)
        return found

    return routes
