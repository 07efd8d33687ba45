"""``/v1/statistics``: what happened to a tenant's mail, counted; rates with their formulas, as JSON or CSV."""

from typing import Annotated, Any, Literal

import msgspec
from annotated_types import MaxLen
from fastapi import APIRouter, Depends, Header, Query, Response

from estafette.reporting.answer import answer
from estafette.reporting.periods import By, span
from estafette.reporting.question import Per, Question, check, grouped
from estafette.reporting.table import written
from estafette.tenancy.office import Office
from estafette.web.api.actor import Caller, May
from estafette.web.api.strict import StrictRoute
from estafette.web.services import Services

#: One of these must be true; repeated for several.
Values = Annotated[list[Annotated[str, MaxLen(300)]] | None, Query(max_length=100)]
Moment = Annotated[str, Query(max_length=40, description="A date, or an RFC 3339 time")]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "JSON, or CSV when it is asked for"}
}


def _filters(
    stream: Values = None, credential: Values = None, campaign: Values = None, tag: Values = None, topic: Values = None,
    template: Values = None, domain: Values = None, provider: Values = None, link: Values = None,
    client: Values = None,
) -> dict[str, tuple[str, ...]]:  # fmt: skip
    """Return dimension -> values of which one must be there, of those that were given."""
    given = {
        "stream": stream, "credential": credential, "campaign": campaign, "tag": tag, "topic": topic,
        "template": template, "domain": domain, "provider": provider, "link": link, "client": client,
    }  # fmt: skip
    return {name: tuple(values) for name, values in given.items() if values}


class _Shape(msgspec.Struct, frozen=True):
    """How the answer is told apart."""

    group: tuple[str, ...]
    by: By
    per: Per
    measures: tuple[str, ...]
    compare: bool
    limit: int
    skip: int


def _shape(
    group: Annotated[str, Query(max_length=100, description="A dimension, or two joined by a comma")] = "",
    by: By = "",
    per: Per = "",
    measures: Annotated[str, Query(max_length=500, description="Beginnings of names, joined by commas")] = "",
    compare: Literal["", "previous"] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    after: Annotated[int, Query(ge=0, lt=1 << 31, description="next of the answer before")] = 0,
) -> _Shape:
    wanted = tuple(name for name in measures.split(",") if name)
    return _Shape(grouped(group.split(",")), by, per, wanted, compare == "previous", limit, after)


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/statistics", tags=["statistics"], route_class=StrictRoute)
    reader = May(services, "read", tenant_needed=True)

    @routes.get("", responses=_CSV, response_model=dict[str, Any])
    async def show_statistics(
        caller: Annotated[Caller, Depends(reader)],
        filters: Annotated[dict[str, tuple[str, ...]], Depends(_filters)],
        shape: Annotated[_Shape, Depends(_shape)],
        since: Moment = "",
        until: Moment = "",
        timezone: Annotated[str, Query(max_length=64, description="IANA name; the tenant's own if empty")] = "",
        format: Literal["", "json", "csv"] = "",  # noqa: A002 - its name on the wire
        accept: Annotated[str, Header(max_length=500)] = "",
    ) -> dict[str, Any] | Response:
        """Return counts and rates of a span: in all, by period, and told apart by one dimension or two.

        One dimension, and campaign with provider or link, come from counters, as far back as these go; other
        combinations are read from the events that are kept.
        """
        zone = timezone or await caller.run(_zone, caller.tenant)
        now = services.clock.now()
        question = Question(
            tenant=caller.tenant, span=span(since, until, zone, now), filters=filters, **msgspec.structs.asdict(shape)
        )
        kept = now - services.settings.retention.events
        found = await answer(check(question), services.statistics, services.history, kept)
        if format == "csv" or (not format and "text/csv" in accept):
            return _csv(found)
        return found

    return routes


def _zone(office: Office, tenant: str) -> str:
    return office.tenant(tenant).timezone


def _csv(found: dict[str, Any]) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="statistics.csv"', "X-Content-Type-Options": "nosniff"}
    return Response(written(found), media_type="text/csv; charset=utf-8", headers=headers)
