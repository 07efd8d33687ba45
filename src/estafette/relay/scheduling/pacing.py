"""Slowed streams: how many of their recipients may be attempted now.

A slowed stream is like a held one that is let go for a moment, again and again: while its gate is closed its rows stay
in the spool, so that however many wait they fill no memory and nothing is written for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from estafette.model.message import Delivery
from estafette.model.rule import Rule
from estafette.store.interface.spool import Feed

#: Seconds for which one opening gives leave, about.
STRETCH = 60.0
_HOUR = 3_600.0


class Gate:
    """The gate of one rule at one courier; times are of the clock of due times.

    parts: couriers that share the rule's rate. An opening gives leave for ``number`` recipients, at least one, and the
    next one comes ``stretch`` seconds later; what was not used is lost. A rule whose time is over closes nothing.
    """

    __slots__ = ("left", "number", "opens", "rule", "stretch")

    def __init__(self, rule: Rule, parts: int = 1) -> None:
        rate = max(rule.rate, 1.0) / _HOUR / max(parts, 1)
        self.rule = rule
        self.number = max(1, int(rate * STRETCH))
        self.stretch = self.number / rate
        self.left = 0
        self.opens = 0.0

    def closed_until(self, time: float) -> float:
        """Return when it opens next, 0 when it is open."""
        if self.left <= 0 and time >= self.opens:
            self.left += self.number
            self.opens = time + self.stretch
        return 0.0 if self.left > 0 or 0 < self.rule.until <= time else self.opens


class Paces:
    """The gates of all slowed streams, found by tenant and stream."""

    def __init__(self, rules: Iterable[Rule] = (), parts: int = 1) -> None:
        self.gates = {rule.id: Gate(rule, parts) for rule in rules}
        self._by_stream: dict[tuple[str, str], list[Gate]] = {}
        self._by_tenant: dict[str, list[Gate]] = {}
        self._restarts: dict[Feed, float] = {}
        for gate in self.gates.values():
            asks = gate.rule.filter
            self._by_stream.setdefault((asks.tenant, asks.stream), []).append(gate)
            self._by_tenant.setdefault(asks.tenant, []).append(gate)

    def __bool__(self) -> bool:
        return bool(self.gates)

    def follow(self, earlier: Paces) -> None:
        """Go on where gates of the same rules stood: reading the rules again must not open them."""
        for name, gate in self.gates.items():
            before = earlier.gates.get(name)
            if before is not None and before.rule == gate.rule:
                gate.left, gate.opens = before.left, before.opens
        self._restarts = earlier._restarts

    def concern(self, row: Delivery) -> bool:
        """Return whether a row's stream is slowed at all: the one look that every row costs while any stream is."""
        return (row.tenant, row.stream) in self._by_stream

    def of(self, row: Delivery, site: str) -> list[Gate]:
        """Return the gates that a row passes. site: as it is known now."""
        gates = self._by_stream.get((row.tenant, row.stream))
        return [gate for gate in gates if gate.rule.filter.site in {"", site, row.lane}] if gates else []

    def closed_until(self, row: Delivery, site: str, time: float) -> float:
        """Return when the last of a row's closed gates opens, 0 when it may go."""
        return max((gate.closed_until(time) for gate in self.of(row, site)), default=0.0)

    def closed(self, feed: Feed, time: float) -> Sequence[Gate]:
        """Return the gates of a feed's tenant that are closed now: what they keep back need not be read."""
        gates = self._by_tenant.get(feed.tenant, ()) if feed.tenant else ()
        return [gate for gate in gates if gate.closed_until(time)]

    def slows(self, feed: Feed) -> bool:
        """Return whether rows of a feed may be slowed."""
        return feed.tenant in self._by_tenant

    def await_opening(self, feed: Feed, opens: float) -> None:
        """Remember that rows of a feed were left in the spool until a gate opens."""
        self._restarts[feed] = min(opens, self._restarts.get(feed, opens))

    def reopened(self, feed: Feed, time: float) -> bool:
        """Return, once for each opening, whether a feed is to be read from its start again."""
        opens = self._restarts.get(feed)
        if opens is None or opens > time:
            return False
        del self._restarts[feed]
        return True
