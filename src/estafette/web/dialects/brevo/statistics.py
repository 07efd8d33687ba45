"""``/v3/smtp/statistics/aggregatedReport`` and ``reports``: what was counted, of all mail or of a tag."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query

from estafette.model.credential import Identity
from estafette.reporting import rates
from estafette.store.interface.statistics import DAY
from estafette.web.dialects.brevo.moments import span
from estafette.web.dialects.brevo.user import user
from estafette.web.services import Services

#: Days that are told when none are named, and at most.
_WHOLE, _DAILY, _DAILY_MOST = 90, 10, 30

Counts = Mapping[str, int]


class Days(msgspec.Struct, frozen=True):
    """Days as the requests name them."""

    start: str
    end: str
    count: int | None


def named_days(
    start: Annotated[str, Query(alias="startDate", max_length=10)] = "",
    end: Annotated[str, Query(alias="endDate", max_length=10)] = "",
    count: Annotated[int | None, Query(alias="days", ge=1, le=_WHOLE)] = None,
) -> Days:
    """Return the days that a request names."""
    return Days(start, end, count)


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    caller = Depends(user(services))
    named = Depends(named_days)

    @routes.get("/v3/smtp/statistics/aggregatedReport")
    async def aggregated(
        identity: Annotated[Identity, caller],
        days: Annotated[Days, named],
        tag: Annotated[str, Query(max_length=255)] = "",
    ) -> dict[str, Any]:
        """Return the counters of some days together."""
        since, until = span(days.start, days.end, days.count, services.clock.now(), usual=_WHOLE, most=_WHOLE)
        counts = await _counted(services, identity, tag, since, until)
        return {"range": f"{_date(since)}|{_date(until - DAY)}", **report(counts)}

    @routes.get("/v3/smtp/statistics/reports")
    async def reports(
        identity: Annotated[Identity, caller],
        days: Annotated[Days, named],
        tag: Annotated[str, Query(max_length=255)] = "",
        sort: Annotated[Literal["asc", "desc"], Query()] = "desc",
        limit: Annotated[int, Query(ge=1, le=_DAILY_MOST)] = _DAILY,
        offset: Annotated[int, Query(ge=0, le=_DAILY_MOST)] = 0,
    ) -> dict[str, Any]:
        """Return the counters of each day, the newest first unless asked otherwise."""
        since, until = span(days.start, days.end, days.count, services.clock.now(), usual=_DAILY, most=_DAILY_MOST)
        starts = list(range(since, until, DAY))[:: 1 if sort == "asc" else -1][offset : offset + limit]
        found = [(start, await _counted(services, identity, tag, start, start + DAY)) for start in starts]
        return {"reports": [{"date": _date(start), **report(counts)} for start, counts in found]}


def report(counts: Counts) -> dict[str, int]:
    """Return counters under Brevo's names. Opens and clicks are those of people; opens through image proxies count.

    invalid: what it tells apart from hard bounces is among these here.
    """
    attempted, delivered = rates.total("attempted", counts), rates.total("delivered", counts)
    soft = counts.get("bounced.soft", 0)
    return {
        "requests": counts.get("queued", 0),
        "delivered": delivered,
        "hardBounces": attempted - delivered - soft,
        "softBounces": soft + counts.get("failed", 0),
        "clicks": rates.total("clicks", counts),
        "uniqueClicks": rates.total("clicked", counts),
        "opens": rates.total("openings", counts),
        "uniqueOpens": rates.total("opened", counts),
        "spamReports": counts.get("complained", 0),
        "blocked": counts.get("rejected", 0),
        "invalid": 0,
        "unsubscribed": counts.get("unsubscribed", 0),
    }


async def _counted(services: Services, identity: Identity, tag: str, since: int, until: int) -> dict[str, int]:
    rows = await services.statistics.read(
        identity.tenant, "tag" if tag else "all", since=since, until=until, values=[tag] if tag else (), by_value=False
    )  # fmt: skip
    return {row.measure: row.amount for row in rows}


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
