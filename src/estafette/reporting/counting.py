"""From events to increments of counters: a function of the log and of nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from estafette.model.event import Event
from estafette.model.stream import READY_MADE
from estafette.reporting.admission import LIMITS, Admission, Place
from estafette.reporting.measures import TO_250, additions, method
from estafette.store.interface.statistics import DAY, HOUR, JOINT, Cell

#: Dimensions whose value is one label of an event.
SINGLE = ("stream", "credential", "campaign", "tag", "topic", "template", "domain", "provider", "link", "client")
PAIRS = {"campaign_provider": ("campaign", "provider"), "campaign_link": ("campaign", "link")}
DIMENSIONS = ("all", *SINGLE, *PAIRS)
#: What personal mail is counted under: neither labels nor receivers, which are its sender's alone.
PRIVATE = ("stream", "credential", "domain")
_OF_MESSAGE = ("stream", "credential", "campaign", "topic", "template", "domain")
#: Longest value, in characters; what is longer is counted under its beginning.
LONGEST = 300

#: What one counter of an hour grows by, measure by measure.
Line = dict[str, int]


def places(events: Iterable[Event]) -> set[Place]:
    """Return where values have to be admitted to count these events."""
    days = {(event.tenant, int(event.at) // DAY * DAY) for event in events if event.tenant}
    return {(tenant, dimension, day) for tenant, day in days for dimension in LIMITS}


def count(events: Iterable[Event], admission: Admission) -> dict[Cell, int]:
    """Return the increments of all counters, for events in log order. Every one of ``places`` must be open.

    Mail of the service itself, which has no tenant, is not counted.
    """
    sheets: dict[tuple[str, int], Sheet] = {}
    for event in events:
        added = additions(event) if event.tenant else ()
        if added:
            key = event.tenant, int(event.at) // HOUR * HOUR
            sheet = sheets.get(key)
            if sheet is None:
                sheet = sheets[key] = Sheet(*key, admission)
            lines = sheet.lines(event)
            for measure, amount in added:
                for line in lines:
                    line[measure] = line.get(measure, 0) + amount
    return {cell: amount for sheet in sheets.values() for cell, amount in sheet.cells()}


class Sheet:
    """The increments of one tenant and hour.

    Lines that belong to labels which come together are found together: in a mailing these are few, and finding the
    ten counters of an event takes four looks.
    """

    def __init__(self, tenant: str, hour: int, admission: Admission) -> None:
        self._tenant = tenant
        self._hour = hour
        self._admission = admission
        self._lines: dict[tuple[str, str], Line] = {}
        self._messages: dict[tuple[str, ...], list[Line]] = {}
        self._tags: dict[tuple[str, ...], list[Line]] = {}
        self._providers: dict[tuple[str, str], list[Line]] = {}
        self._hits: dict[tuple[str, str, str, int], list[Line]] = {}

    def lines(self, event: Event) -> list[Line]:
        """Return the lines that an event counts on, each once."""
        if is_private(event):
            # Whom an employee writes to must not be read out of small numbers.
            return self._of_private(event)
        message = event.stream, event.credential, event.campaign, event.topic, event.template, event.from_domain
        lines = self._messages.get(message)
        if lines is None:
            lines = self._messages[message] = self._of(_OF_MESSAGE, event)
        if event.tags:
            lines = lines + (self._tags.get(event.tags) or self._of_tags(event.tags))
        if event.site:
            provider = event.campaign, event.site
            lines = lines + (self._providers.get(provider) or self._of_provider(*provider))
        hit = event.hit
        if hit is not None:
            key = event.campaign, hit.url, hit.client, hit.version
            lines = lines + (self._hits.get(key) or self._of_hit(*key))
        return lines

    def cells(self) -> Iterator[tuple[Cell, int]]:
        """Yield every counter with what is to be added. Pairs have no histograms: they would outnumber all else."""
        for (dimension, value), line in self._lines.items():
            for measure, amount in line.items():
                if dimension not in PAIRS or not measure.startswith(TO_250):
                    yield Cell(self._tenant, self._hour, dimension, value, measure), amount

    def _of_private(self, event: Event) -> list[Line]:
        message = event.stream, event.credential, event.from_domain
        lines = self._messages.get(message)
        if lines is None:
            lines = self._messages[message] = self._of(PRIVATE, event)
        return lines

    def _of(self, dimensions: Iterable[str], event: Event) -> list[Line]:
        labels = [(dimension, *labels_of(event, dimension)) for dimension in dimensions]
        return [self._line("all", ""), *(self._named(*label) for label in labels if len(label) > 1)]

    def _of_tags(self, tags: tuple[str, ...]) -> list[Line]:
        """Several tags may go by the common name, and are one mention of it."""
        lines = {id(line): line for line in (self._named("tag", tag) for tag in tags if tag)}
        self._tags[tags] = list(lines.values())
        return self._tags[tags]

    def _of_provider(self, campaign: str, site: str) -> list[Line]:
        lines = [self._named("provider", site)]
        if campaign:
            lines.append(self._pair("campaign_provider", campaign, site))
        self._providers[campaign, site] = lines
        return lines

    def _of_hit(self, campaign: str, url: str, client: str, version: int) -> list[Line]:
        lines = [self._named(name, value) for name, value in (("link", url), ("client", client)) if value]
        if campaign and url:
            lines.append(self._pair("campaign_link", campaign, url))
        # How many is no matter: that the counter is there tells since when the method is in use.
        self._line("method", method(version))["hits"] = 0
        self._hits[campaign, url, client, version] = lines
        return lines

    def _pair(self, pair: str, campaign: str, value: str) -> Line:
        first, second = PAIRS[pair]
        joined = self._name(first, _text(campaign)) + JOINT + self._name(second, _text(value))
        return self._line(pair, self._name(pair, joined))

    def _named(self, dimension: str, value: str) -> Line:
        return self._line(dimension, self._name(dimension, _text(value)))

    def _line(self, dimension: str, name: str) -> Line:
        return self._lines.setdefault((dimension, name), {})

    def _name(self, dimension: str, value: str) -> str:
        return self._admission.name(self._tenant, dimension, self._hour, value)


def labels_of(event: Event, dimension: str) -> tuple[str, ...]:
    """Return what an event says about a single dimension, nothing when it says nothing or must not be told by it."""
    if is_private(event) and dimension not in PRIVATE:
        return ()
    if dimension == "tag":
        return event.tags
    hit = event.hit
    value = {
        "stream": event.stream, "credential": event.credential, "campaign": event.campaign, "topic": event.topic,
        "template": event.template, "domain": event.from_domain, "provider": event.site,
        "link": hit.url if hit else "", "client": hit.client if hit else "",
    }[dimension]  # fmt: skip
    return (value,) if value else ()


def is_private(event: Event) -> bool:
    """Return whether an event is of personal mail; releases before this one told it by the ready-made stream alone."""
    return event.private or event.stream == READY_MADE[0]


def _text(value: str) -> str:
    return value[:LONGEST].replace(JOINT, " ")
