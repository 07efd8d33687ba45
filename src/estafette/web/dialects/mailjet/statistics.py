"""``/v3/REST/statcounters`` and ``statistics/...``: what was counted, of the account or of a campaign."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query

from estafette.base import ids
from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.relay.submission.wrong import wrong
from estafette.reporting.insight import by_value
from estafette.store.interface.history import EventFilter
from estafette.store.interface.statistics import DAY, HOUR, JOINT
from estafette.web.dialects.mailjet import campaigns, counters
from estafette.web.dialects.mailjet.listing import listing
from estafette.web.dialects.mailjet.times import moment, seconds
from estafette.web.dialects.mailjet.user import user
from estafette.web.dialects.telling import measured
from estafette.web.dialects.translation import refused
from estafette.web.services import Services

#: Events that are read for counters by the time of their message.
MOST_EVENTS = 100_000
#: Seconds of a slice -> seconds told when no FromTS is given.
_SLICES = {"hour": (HOUR, 3 * DAY), "day": (DAY, 30 * DAY)}

#: Start of a slice, 0 for all time -> measure -> amount.
Slices = dict[int, dict[str, int]]
Source = Annotated[int | None, Query(ge=0, lt=1 << 63)]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. number, campaign: of the source, 0 and "" for the account. width: of a slice, 0 = all time."""

    timing: Literal["message", "event"]
    number: int = 0
    campaign: str = ""
    width: int = 0
    since: int = 0
    until: int = 0


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    caller = Depends(user(services))

    @routes.get("/v3/REST/statcounters")
    async def statcounters(
        identity: Annotated[Identity, caller],
        source: Annotated[str, Query(alias="CounterSource", max_length=20)],
        timing: Annotated[str, Query(alias="CounterTiming", max_length=20)],
        resolution: Annotated[str, Query(alias="CounterResolution", max_length=20)],
        number: Annotated[Source, Query(alias="SourceID")] = None,
        spelled: Annotated[Source, Query(alias="SourceId")] = None,
        since: Annotated[str, Query(alias="FromTS", max_length=40)] = "",
        until: Annotated[str, Query(alias="ToTS", max_length=40)] = "",
        limit: Annotated[int, Query(alias="Limit", ge=0, le=1000)] = 1000,
        offset: Annotated[int, Query(alias="Offset", ge=0, le=100_000)] = 0,
    ) -> dict[str, Any]:
        """Return counters, of all time or slice by slice, oldest first; slices without events are left out."""
        wanted = _span(_wanted(source, timing, resolution), since, until, services.clock.now())
        named = number if number is not None else spelled
        if source.lower() == "campaign":
            wanted = await _of_campaign(services, identity, wanted, named)
        found = await (_by_message if wanted.timing == "message" and wanted.width else _by_event)(
            services, identity, wanted
        )
        account = int.from_bytes(hashlib.sha256(identity.credential.encode()).digest()[:6])
        told = [
            counters.counter(
                found[start], source=wanted.number, account=account, slice_=moment(start) if wanted.width else ""
            )
            for start in sorted(found)
        ]
        return listing(told[offset : offset + (limit or 1000)])

    @routes.get("/v3/REST/statistics/recipient-esp")
    async def providers(
        identity: Annotated[Identity, caller], campaign: Annotated[int, Query(alias="CampaignId", ge=0, lt=1 << 63)]
    ) -> dict[str, Any]:
        """Return how the providers of its recipients took a campaign."""
        counts = await _parts(services, identity, "campaign_provider", campaign)
        return listing([counters.provider(name, each) for name, each in counts])

    @routes.get("/v3/REST/statistics/link-click")
    async def links(
        identity: Annotated[Identity, caller], campaign: Annotated[int, Query(alias="CampaignId", ge=0, lt=1 << 63)]
    ) -> dict[str, Any]:
        """Return the clicks on the links of a campaign, the most clicked first."""
        counts = await _parts(services, identity, "campaign_link", campaign)
        ordered = sorted(counts, key=lambda each: (-each[1].get("clicked.human", 0), each[0]))
        return listing([counters.link(url, place, each) for place, (url, each) in enumerate(ordered, 1)])


def _wanted(source: str, timing: str, resolution: str) -> Wanted:
    """Return what three words ask for; Wrong names the one that we lack, or nobody has."""
    if source.lower() in {"list", "sender"}:
        fix = "ask for APIKey or Campaign; by domain and stream: GET /v1/statistics"
        raise refused("CounterSource", f"{source.title()} is not counted: there are no contact lists here", fix)
    if source.lower() not in {"apikey", "campaign"}:
        raise wrong("enum", f"{source!r} is no source", "write APIKey or Campaign", "CounterSource")
    if timing.lower() not in {"message", "event"}:
        raise wrong("enum", f"{timing!r} is no timing", "write Message or Event", "CounterTiming")
    if resolution.lower() == "highest":
        raise refused("CounterResolution", "Highest is not counted: hours are the finest", "write Hour")
    if resolution.lower() not in {"lifetime", *_SLICES}:
        raise wrong("enum", f"{resolution!r} is no resolution", "write Lifetime, Day or Hour", "CounterResolution")
    width = _SLICES.get(resolution.lower(), (0, 0))[0]
    return Wanted(timing="message" if timing.lower() == "message" else "event", width=width)


def _span(wanted: Wanted, since: str, until: str, now: float) -> Wanted:
    """Return it with its span, full slices that hold what is named."""
    grain = wanted.width or HOUR
    usual = dict(_SLICES.values()).get(wanted.width, 0)
    end = seconds(until, "ToTS") if until else int(now)
    start = seconds(since, "FromTS") if since else end - usual if usual else 0
    if start > end:
        raise wrong("invalid_value", "is after ToTS", "exchange them", "FromTS")
    return msgspec.structs.replace(wanted, since=start // grain * grain, until=end // grain * grain + grain)


async def _of_campaign(services: Services, identity: Identity, wanted: Wanted, number: int | None) -> Wanted:
    if number is None:
        raise wrong("missing", "is missing", "give the ID that GET /v3/REST/campaign tells", "SourceID")
    name = await campaigns.named(services, identity, number)
    return msgspec.structs.replace(wanted, number=number, campaign=name)


async def _by_event(services: Services, identity: Identity, wanted: Wanted) -> Slices:
    """Return what happened in each slice; over all time that is what became of the messages, too."""
    rows = await services.statistics.read(
        identity.tenant, "campaign" if wanted.campaign else "all", since=wanted.since, until=wanted.until,
        values=[wanted.campaign] if wanted.campaign else (), by_hour=bool(wanted.width), by_value=False,
    )  # fmt: skip
    found: Slices = {} if wanted.width else {0: {}}
    for row in rows:
        counts = found.setdefault(row.hour // wanted.width * wanted.width if wanted.width else 0, {})
        counts[row.measure] = counts.get(row.measure, 0) + row.amount
    return found


async def _by_message(services: Services, identity: Identity, wanted: Wanted) -> Slices:
    """Return what became of the messages of each slice, from the events that are kept; Wrong when these are many."""
    kept = services.clock.now() - services.settings.retention.events
    if wanted.since < kept and await services.history.pruned():
        raise refused("CounterTiming", "Message goes as far back as events are kept", "write Event, or a later FromTS")
    selection = EventFilter(tenant=identity.tenant, campaign=wanted.campaign, since=wanted.since)
    events = await services.history.after(0, MOST_EVENTS + 1, selection)
    if len(events) > MOST_EVENTS:
        raise refused("CounterTiming", f"Message reads {MOST_EVENTS} events at most", "write Event, or name less time")
    slices: dict[int, list[Event]] = {}
    for _, event in events:
        born = ids.moment(event.message)
        if event.message and wanted.since <= born < wanted.until:
            slices.setdefault(int(born) // wanted.width * wanted.width, []).append(event)
    return {start: measured(found) for start, found in slices.items()}


async def _parts(
    services: Services, identity: Identity, pair: str, number: int
) -> list[tuple[str, Mapping[str, int]]]:  # fmt: skip
    """Return the second halves of a pair whose first half is a campaign, each with its counters."""
    campaign = await campaigns.named(services, identity, number)
    rows = await services.statistics.read(
        identity.tenant, pair, since=0, until=int(services.clock.now()) // HOUR * HOUR + HOUR, first=campaign
    )  # fmt: skip
    return [(name.partition(JOINT)[2], counts) for name, counts in sorted(by_value(rows).items())]
