"""Which of our addresses a connection leaves from."""

from __future__ import annotations

from collections.abc import Mapping

from estafette.base import log, metrics
from estafette.config.schema import Egress, Source
from estafette.relay.delivery.resting import Resting

#: No address of our own choice: the system picks one.
ANY = Source(address="")
_log = log.get("relay.delivery")
_rests = metrics.counter("source_rests", "Times one of our addresses was put to rest at a site that refused it.")


class Sources:
    """The source addresses of one egress group, in turn. IPv6 goes out only from a listed IPv6 source.

    An address that a site refused rests there while another of its family is awake; times are monotonic seconds.
    """

    def __init__(self, egress: Egress) -> None:
        four = [source for source in egress.source if ":" not in source.address]
        six = [source for source in egress.source if ":" in source.address]
        self.v6 = bool(six)
        self.v4 = bool(four) or not egress.source
        self._of: dict[bool, list[Source]] = {False: four or [ANY], True: six or [ANY]}
        self._turn: dict[bool, int] = {False: 0, True: 0}
        self._resting = Resting()

    def choose(self, address: str, site: str = "", now: float = 0.0) -> Source | None:
        """Return the source for a target address, None when this group cannot reach its family.

        Those that rest at the site come last, the one first whose rest is over first.
        """
        six = ":" in address
        if not (self.v6 if six else self.v4):
            return None
        sources, turn = self._of[six], self._turn[six]
        self._turn[six] = (turn + 1) % len(sources)
        order = [*sources[turn:], *sources[:turn]]
        return min(order, key=lambda source: max(self._resting.until(source.address, site), now))

    def rests(self, source: str, site: str, now: float) -> bool:
        """Whether an address keeps away from a site."""
        return self._resting.until(source, site) > now

    def elsewhere(self, source: str, site: str, now: float) -> bool:
        """Whether another address of the same family is awake at a site."""
        others = [each.address for each in self._of[":" in source] if each.address != source]
        return any(not self.rests(other, site, now) for other in others if other)

    def resting(self, now: float) -> dict[tuple[str, str], float]:
        """Return for how many more seconds each address rests, by (address, site)."""
        return self._resting.left(now)

    def resume(self, left: Mapping[tuple[str, str], float], now: float) -> None:
        """Let addresses of the group go on resting, as ``resting`` said before a restart."""
        known = {source.address for sources in self._of.values() for source in sources}
        for (source, site), seconds in left.items():
            if source in known:
                self._resting.resume(source, site, seconds, now)

    def refused(self, source: str, site: str, category: str, now: float) -> bool:
        """Let an address rest at a site that refused it, if another is awake there; return whether one is."""
        if not self.elsewhere(source, site, now):
            return False
        if not self.rests(source, site, now):
            seconds = self._resting.rest(source, site, category, now)
            _rests.inc()
            _log.warning("source_rests", source=source, site=site, category=category, seconds=seconds)
        return True
