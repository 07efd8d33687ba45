"""All lanes of a courier, and which site a recipient domain belongs to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from estafette.config.schema import Delivery as DeliverySettings
from estafette.config.schema import Egress
from estafette.model.message import Delivery
from estafette.relay.scheduling.lane import Lane
from estafette.relay.scheduling.providers import Providers

_IDLE_SECONDS = 900.0
_IDLE_LANES = 10_000
_PLACES = 50_000
#: how long a placement is believed before the next new row asks again
PLACED_SECONDS = 3600.0


class Lanes:
    """Lanes by (site, egress group), made when needed and forgotten after idle minutes.

    Mail by a smarthost, or captured, goes to one place whatever its domain: these have one lane for each
    group.
    """

    def __init__(self, providers: Providers, delivery: DeliverySettings, egress: Mapping[str, Egress]) -> None:
        self._providers = providers
        self._fixed = {name: urlsplit(each.smarthost).hostname or "" for name, each in egress.items() if each.smarthost}
        self._capture = delivery.transport == "capture"
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._idle: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._places: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._asked: dict[str, None] = {}
        self._to_ask: list[str] = []
        self._groups: set[str] = set()

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def __len__(self) -> int:
        return len(self._lanes)

    def find(self, site: str, egress: str) -> Lane | None:
        """Return a lane that exists."""
        return self._lanes.get((site, egress))

    def of(self, row: Delivery, now: float) -> Lane:
        """Return the lane of a row; an unknown domain is put down to be asked for."""
        egress = row.egress
        if self._capture:
            return self.get("capture", egress)
        if egress in self._fixed:
            return self.get(self._fixed[egress], egress)
        site = row.lane
        if site != row.domain:
            return self.get(site, egress)
        place = self._places.get(site)
        if place is not None and now < place[1]:
            return self.get(place[0], egress)
        if site not in self._asked:
            self._asked[site] = None
            self._to_ask.append(site)
        return self.get(site if place is None else place[0], egress, settled=place is not None)

    def get(self, site: str, egress: str, *, settled: bool = True) -> Lane:
        """Return the lane of a site, made when it is new."""
        lane = self._lanes.get((site, egress))
        if lane is None:
            lane = Lane(site, egress, self._providers.limits(site), settled=settled)
            self._lanes[site, egress] = lane
            self._groups.add(egress)
        elif self._idle:
            self._idle.pop((site, egress), None)
        return lane

    def unplaced(self) -> list[str]:
        """Return domains whose site is wanted; each one once until it is answered."""
        asked, self._to_ask = self._to_ask, []
        return asked

    def answer(self, domain: str, site: str, until: float) -> list[tuple[Lane, Lane]]:
        """Remember a domain's site until a time; return the pairs (lane of the domain, lane of the site)."""
        self._asked.pop(domain, None)
        if len(self._places) >= _PLACES:
            self._places.popitem(last=False)
        self._places[domain] = (site, until)
        pairs = []
        for egress in self._groups:
            old = self._lanes.get((domain, egress))
            if old is not None:
                old.settled = True
                pairs.append((old, self.get(site, egress)))
                if site != domain and not old.busy:
                    del self._lanes[domain, egress]
        return pairs

    def stored_name(self, name: str) -> str:
        """Return the lane name under which the spool holds rows that once had this one."""
        place = self._places.get(name)
        return place[0] if place is not None else name

    def rest(self, lane: Lane, mono: float) -> None:
        """Note that a lane has nothing to do; those that long had nothing are forgotten."""
        self._idle[lane.site, lane.egress] = mono
        while self._idle:
            key, since = next(iter(self._idle.items()))
            if mono - since < _IDLE_SECONDS and len(self._idle) <= _IDLE_LANES:
                return
            del self._idle[key]
            old = self._lanes.get(key)
            if old is not None and not old.busy and not old.waits:
                del self._lanes[key]

    def tidy(self, mono: float) -> None:
        """Note every lane that has nothing to do, however it came to that."""
        for lane in self._lanes.values():
            if not lane.busy and not lane.waits:
                self._idle.setdefault((lane.site, lane.egress), mono)
