"""Custody: mail of a suspension is held by one rule, and cancelled with an event when it was kept long enough.

The janitor runs this; every step may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from estafette.base.clock import Clock
from estafette.base.ids import Mint
from estafette.model.rule import SUSPENSION, Filter, Rule, RuleKind
from estafette.model.suspension import Suspension
from estafette.store.interface.spool import Spool

#: Recipients looked at for the messages that a suspension names.
PAGE = 500
#: Seconds between two looks for mail that came after what was cancelled; each may be one at every row that waits.
LOOK_EVERY = 300.0


class Custody:
    """Keeps the rules of the queue as the suspensions say."""

    def __init__(self, spool: Spool, clock: Clock, mint: Mint) -> None:
        self._spool = spool
        self._clock = clock
        self._mint = mint
        self._looks: dict[tuple[str, float], float] = {}

    async def turn(self, open_: Iterable[Suspension]) -> dict[str, tuple[int, ...]]:
        """Hold, cancel and release; return the first messages of each suspension that nobody was told of, by its id."""
        made: dict[str, list[Rule]] = {}
        for rule in await self._spool.rules():
            if rule.suspension:
                made.setdefault(rule.suspension, []).append(rule)
        found: dict[str, tuple[int, ...]] = {}
        for suspension in open_:
            await self._keep(suspension, made.pop(suspension.id, []))
            if suspension.told is None:
                page = await self._spool.find(_selection(suspension), limit=PAGE)
                found[suspension.id] = tuple(dict.fromkeys(row.message for row in page.items))
        for rules in made.values():
            await self._free(rules)
        return found

    async def _keep(self, suspension: Suspension, rules: Sequence[Rule]) -> None:
        selection = _selection(suspension)
        if suspension.released:
            await self._free(rules)
            return
        if not any(rule.kind == "hold" and rule.filter == selection for rule in rules):
            await self._add(suspension, "hold", selection)
        over = self._clock.now() >= suspension.until
        if over and not any(rule.kind == "cancel" for rule in rules) and await self._any(suspension, selection):
            now_waiting = Filter(
                tenant=selection.tenant, stream=selection.stream, credential=selection.credential,
                born_before=self._clock.now(),
            )  # fmt: skip
            await self._add(suspension, "cancel", now_waiting)

    async def _any(self, suspension: Suspension, selection: Filter) -> bool:
        """Return whether anything waits; a suspension that is over for long is not asked about every time."""
        key, now = (suspension.id, suspension.until), self._clock.monotonic()
        if now < self._looks.get(key, 0.0):
            return False
        self._looks[key] = now + LOOK_EVERY
        return bool((await self._spool.find(selection, limit=1)).items)

    async def _add(self, suspension: Suspension, kind: RuleKind, selection: Filter) -> None:
        rule = Rule(
            id=self._mint.next(), kind=kind, filter=selection, reason=f"suspended by the rule {suspension.rule}",
            created=self._clock.now(), by=f"{SUSPENSION}{suspension.id}", until=suspension.until,
        )  # fmt: skip
        await self._spool.add_rule(rule)

    async def _free(self, rules: Iterable[Rule]) -> None:
        holds = [rule.id for rule in rules if rule.kind == "hold"]
        if holds:
            await self._spool.lift_rules(holds)


def _selection(suspension: Suspension) -> Filter:
    return Filter(tenant=suspension.tenant, stream=suspension.stream, credential=suspension.credential)
