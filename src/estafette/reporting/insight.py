"""Insight of one tenant: reads counters, events and the audit, and has the pure rules of this room judge them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from estafette.model.event import Event
from estafette.reporting import changes, providers, rates
from estafette.reporting.changes import Change
from estafette.reporting.counting import is_private
from estafette.reporting.estimate import Estimate, clickers, readers
from estafette.reporting.panel import Stratum, strata
from estafette.reporting.providers import ProviderView
from estafette.reporting.replies import Said, grouped
from estafette.reporting.suggestions import Material, Suggestion, suggest
from estafette.reporting.waterfall import Waterfall, waterfall
from estafette.store.interface.control import Control
from estafette.store.interface.history import EventFilter, History
from estafette.store.interface.page import Page
from estafette.store.interface.statistics import DAY, HOUR, JOINT, Row, Statistics
from estafette.tenancy.office import NotFound

WEEK = 7 * DAY
#: Days that suggestions are made from.
LOOKED_BACK = 28
#: Events that are looked through, for replies and for an estimate; spans that are tried, the longest first.
MOST_EVENTS = 50_000
SPANS = (WEEK, DAY, HOUR)
#: Providers that are told, the largest first, and acts of the audit that are looked through.
MOST_PROVIDERS = 50
_ACTS = 500
_BAD = frozenset({"deferred", "bounced"})

Counts = Mapping[str, int]


class Mailing(msgspec.Struct, frozen=True, kw_only=True):
    """The waterfalls of one mailing. readers, clickers: estimates; None where too little is known, or nobody."""

    label: Literal["campaign", "tag"]
    name: str
    opened: Waterfall
    clicked: Waterfall
    readers: Estimate | None = None
    clickers: Estimate | None = None


class Sample(msgspec.Struct, frozen=True):
    """Events that were looked through. span: seconds back from now; whoever has more events sees fewer of them."""

    events: Sequence[Event]
    span: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The provider view. at: the hour up to which is told. sample: seconds of which replies were looked through."""

    at: int
    sample: int
    providers: Sequence[ProviderView]
    changes: Sequence[Change]


class Insight:
    """What reading takes: the counters, the log, and the audit."""

    def __init__(self, statistics: Statistics, history: History, control: Control) -> None:
        self._statistics = statistics
        self._history = history
        self._control = control

    async def mailing(self, tenant: str, label: Literal["campaign", "tag"], name: str, now: float) -> Mailing:
        """Return the waterfalls of a campaign or tag, over all time; NotFound when nothing is counted under it."""
        rows = await self._statistics.read(tenant, label, since=0, until=_hour(now), values=[name], by_value=False)
        counts = {row.measure: row.amount for row in rows}
        if not counts:
            raise NotFound(f"nothing is counted under the {label} {name[:100]!r}", place=label, fix="see its spelling")
        # A campaign of more recipients than events may be read is not looked through in vain.
        small = label == "campaign" and counts.get("queued", 0) < MOST_EVENTS
        parts = await self._strata(tenant, name) if small else []
        return Mailing(
            label=label, name=name, opened=waterfall("opened", counts), clicked=waterfall("clicked", counts),
            readers=readers(parts) if parts else None, clickers=clickers(parts) if parts else None,
        )  # fmt: skip

    async def _strata(self, tenant: str, campaign: str) -> Sequence[Stratum]:
        """Return the panel of a campaign; nothing when it has more events than are looked through."""
        since = (await self._statistics.begun(tenant, "campaign")).get(campaign, 0)
        wanted = EventFilter(tenant=tenant, campaign=campaign, since=since)
        found = await self._history.after(0, MOST_EVENTS + 1, wanted)
        if len(found) > MOST_EVENTS:
            return []
        return await asyncio.to_thread(strata, [event for _, event in found])

    async def providers(self, tenant: str, now: float) -> Report:
        """Return how providers took the mail of seven days, beside the seven before."""
        end = _hour(now)
        since = end - WEEK
        this = await self._by(tenant, "provider", since, end)
        last = await self._by(tenant, "provider", since - WEEK, since)
        sample = await self._sample(tenant, now)
        said = await asyncio.to_thread(replies, sample.events, frozenset({"deferred"}))
        mailings = await self._campaigns(tenant, since, end)
        begun = await self._statistics.begun(tenant, "campaign")
        views = [
            providers.view(
                name, counts, last.get(name, {}), said.get(name, ()),
                _own(counts, last.get(name, {}), mailings.get(name, {}), begun, since),
            )
            for name, counts in _largest(this)
        ]  # fmt: skip
        general = await self._changes(tenant, since, sample)
        return Report(at=end, sample=sample.span, providers=views, changes=general)

    async def suggestions(self, tenant: str, now: float) -> list[Suggestion]:
        """Return what to change next."""
        end = _hour(now)
        since = end - LOOKED_BACK * DAY
        whole = await self._statistics.read(tenant, "all", since=since, until=end, by_value=False)
        parts = [await self._by(tenant, name, since, end) for name in ("provider", "campaign", "tag")]
        sample = await self._sample(tenant, now)
        deferred = await asyncio.to_thread(replies, sample.events, frozenset({"deferred"}))
        refused = await asyncio.to_thread(replies, sample.events, frozenset({"bounced"}))
        return suggest(Material(
            total={row.measure: row.amount for row in whole}, providers=parts[0], campaigns=parts[1], tags=parts[2],
            deferred=deferred, refused=refused,
        ))  # fmt: skip

    async def _by(self, tenant: str, dimension: str, since: int, until: int) -> dict[str, dict[str, int]]:
        return by_value(await self._statistics.read(tenant, dimension, since=since, until=until))

    async def _sample(self, tenant: str, now: float) -> Sample:
        """Return a tenant's events of the longest span that is not too much; none when even an hour is."""
        for span in SPANS:
            events = await self._statistics.events(tenant, now - span, now, MOST_EVENTS)
            if events is not None:
                return Sample(events, span)
        return Sample((), 0)

    async def _campaigns(self, tenant: str, since: int, until: int) -> dict[str, dict[str, int]]:
        """Return provider -> campaign -> deliveries that ended there."""
        found: dict[str, dict[str, int]] = {}
        for pair, counts in (await self._by(tenant, "campaign_provider", since, until)).items():
            campaign, _, provider = pair.partition(JOINT)
            found.setdefault(provider, {})[campaign] = rates.total("attempted", counts)
        return found

    async def _changes(self, tenant: str, since: int, sample: Sample) -> list[Change]:
        """Return what changed for the account as a whole."""
        page = await asyncio.to_thread(self._control.lists.audit, Page(limit=_ACTS), tenant=tenant)
        acts = [entry for entry in page.items if entry.at >= since]
        names = await asyncio.to_thread(self._usernames, tenant)
        begun = {name: await self._statistics.begun(tenant, name) for name in ("credential", "domain")}
        credentials = {names.get(each, each): hour for each, hour in begun["credential"].items()}
        return [
            *changes.of_audit(acts),
            *changes.of_senders("credential", credentials, since),
            *changes.of_senders("domain", begun["domain"], since),
            *changes.of_sources(*await self._sources(tenant, since, sample)),
        ]

    def _usernames(self, tenant: str) -> dict[str, str]:
        return {each.id: each.username for each in self._control.credentials(tenant)}

    async def _sources(self, tenant: str, since: int, sample: Sample) -> tuple[set[str], set[str]]:
        """Return our addresses that mail left from now and in the week before; nothing unless both are all there."""
        if sample.span < WEEK:
            return set(), set()
        before = await self._statistics.events(tenant, since - WEEK, since, MOST_EVENTS)
        return _sources(sample.events), _sources(before or ())


def by_value(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Return value -> measure -> amount."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        counts = found.setdefault(row.value, {})
        counts[row.measure] = counts.get(row.measure, 0) + row.amount
    return found


def replies(events: Iterable[Event], kinds: frozenset[str] = _BAD) -> dict[str, list[Said]]:
    """Return provider -> what was said there, of events of some kinds; personal mail is not looked into."""
    sites: dict[str, list[Event]] = {}
    for event in events:
        if event.kind in kinds and event.site and not is_private(event):
            sites.setdefault(event.site, []).append(event)
    return {site: grouped(found) for site, found in sites.items()}


def _own(
    now: Counts, before: Counts, campaigns: Mapping[str, int], begun: Mapping[str, int], since: int
) -> list[Change]:  # fmt: skip
    total = rates.total("attempted", now)
    return [*changes.of_volume(now, before), *changes.of_campaigns(campaigns, begun, since, max(1, total))]


def _largest(counted: Mapping[str, Counts]) -> list[tuple[str, Counts]]:
    ordered = sorted(counted.items(), key=lambda each: (-rates.total("attempts", each[1]), each[0]))
    return [each for each in ordered if each[0]][:MOST_PROVIDERS]


def _sources(events: Iterable[Event]) -> set[str]:
    return {event.source for event in events if event.kind in {"delivered", "deferred", "bounced"}}


def _hour(now: float) -> int:
    """Return the end of the hour that runs."""
    return int(now) // HOUR * HOUR + HOUR
