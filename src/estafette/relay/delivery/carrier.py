"""The carrier: what the relay hands parcels to. It places domains and attempts deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from estafette.base import log
from estafette.base.clock import Clock
from estafette.config.schema import Delivery as Settings
from estafette.config.schema import Egress
from estafette.model.event import Reply
from estafette.model.message import Delivery
from estafette.model.outcome import Outcome
from estafette.net.client_tls import BrokenTls
from estafette.net.resolver import Resolver
from estafette.relay.delivery.attempt import Attempt
from estafette.relay.delivery.exit import Exit
from estafette.relay.delivery.mx import Route, Router
from estafette.relay.delivery.parcel import End, Parcel, Placement
from estafette.relay.delivery.pool import Pool
from estafette.relay.delivery.simulator import SITE, capture
from estafette.relay.delivery.targets import Targets
from estafette.relay.delivery.timeouts import Timeouts
from estafette.relay.delivery.verdict import from_end

#: Seconds after which a domain is asked for again that the DNS had no word for.
_ASK_AGAIN = 300.0
_log = log.get("relay.delivery")


class Carrier:
    """Delivers parcels over kept connections, or captures them.

    egress: groups by name; a name that is not there is the plain group, the system's own address. own_addresses:
    addresses (with the delivery port) that are ourselves. providers: (MX suffix, provider name).
    """

    def __init__(
        self, *, delivery: Settings, egress: Mapping[str, Egress], hostname: str, resolver: Resolver, clock: Clock,
        providers: Sequence[tuple[str, str]], own_addresses: Collection[str] = (), timeouts: Timeouts | None = None,
    ) -> None:  # fmt: skip
        self._delivery = delivery
        self._egress = egress
        self._hostname = hostname
        self._resolver = resolver
        self._clock = clock
        self._own = frozenset(own_addresses)
        self._timeouts = timeouts or Timeouts()
        self._router = Router(resolver, providers, hostname)
        self._pool = Pool(self._timeouts.tick)
        self._broken = BrokenTls()
        self._exits: dict[str, Exit] = {name: self._exit(name, egress[name]) for name in egress}
        self._capture = delivery.transport == "capture"

    async def place(self, domain: str) -> Placement:
        """Return the site of a domain; never raises but CancelledError."""
        if self._capture:
            return Placement(domain, SITE, "capture")
        route = await self._router.route(domain)
        end = route.end
        if end is not None and end.verdict == "deferred":
            return Placement(domain, domain, route.kind, (end.verdict, end.reply, end.reason), _ASK_AGAIN)
        return Placement(domain, route.site, route.kind)

    def site_of_smarthost(self, egress: str) -> str | None:
        """Return the one site of an egress group that has a smarthost, else None."""
        smarthost = self._way(egress).smarthost
        return smarthost.host if smarthost else None

    async def attempt(self, parcel: Parcel) -> list[Outcome]:
        """Try every delivery of a parcel; exactly one outcome each, never an exception but CancelledError."""
        try:
            if self._capture:
                return list(await asyncio.gather(*[capture(delivery) for delivery in parcel.deliveries]))
            return await self._deliver(parcel)
        except Exception as error:
            _log.error("attempt_broke", message=parcel.deliveries[0].message, exc_info=error)
            end = End("deferred", Reply(451, "4.3.0", "an internal error"), "internal_error", "local")
            return [from_end(delivery, end, site=parcel.site) for delivery in parcel.deliveries]

    def resting(self) -> dict[tuple[str, str, str], float]:
        """Return for how many more seconds our addresses rest, by (egress group, address, site)."""
        now = asyncio.get_running_loop().time()
        return {
            (name, *pair): seconds
            for name, way in self._exits.items()
            for pair, seconds in way.sources.resting(now).items()
        }

    def resume(self, left: Mapping[tuple[str, str, str], float]) -> None:
        """Let addresses go on resting, as ``resting`` said before a restart."""
        now = asyncio.get_running_loop().time()
        for name, way in self._exits.items():
            way.sources.resume({pair[1:]: seconds for pair, seconds in left.items() if pair[0] == name}, now)

    async def close(self) -> None:
        """Say goodbye on every connection; attempts under way must have ended."""
        await self._pool.close()

    async def _deliver(self, parcel: Parcel) -> list[Outcome]:
        way = self._way(parcel.egress)
        if way.smarthost is not None:
            host = way.smarthost.host
            return await self._run(parcel, Route(host, "smarthost", host, ((0, host),)), way, parcel.deliveries)
        outcomes: list[Outcome] = []
        for hosts, (route, deliveries) in (await self._by_route(parcel)).items():
            if route.end is not None or not hosts:
                end = route.end
                assert end is not None
                outcomes += [from_end(delivery, end, site=parcel.site) for delivery in deliveries]
            else:
                outcomes += await self._run(parcel, route, way, deliveries)
        return outcomes

    async def _by_route(self, parcel: Parcel) -> dict[tuple[tuple[int, str], ...] | str, tuple[Route, list[Delivery]]]:
        """Group by MX set: one provider's customers may each have hosts of their own."""
        groups: dict[tuple[tuple[int, str], ...] | str, tuple[Route, list[Delivery]]] = {}
        for delivery in parcel.deliveries:
            route = await self._router.route(delivery.domain)
            groups.setdefault(route.hosts or delivery.domain, (route, []))[1].append(delivery)
        return groups

    async def _run(self, parcel: Parcel, route: Route, way: Exit, deliveries: list[Delivery]) -> list[Outcome]:
        own = frozenset[str]() if way.smarthost else self._own
        targets = Targets(self._resolver, way.sources, own)
        return await Attempt(parcel, route, way, self._pool, targets).run(deliveries)

    def _way(self, name: str) -> Exit:
        way = self._exits.get(name)
        if way is None:
            way = self._exits[name] = self._exit(name, Egress())
        return way

    def _exit(self, name: str, egress: Egress) -> Exit:
        return Exit(
            name, egress, delivery=self._delivery, hostname=self._hostname, pool=self._pool, broken=self._broken,
            timeouts=self._timeouts,
        )  # fmt: skip
