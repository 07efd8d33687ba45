"""The rules of the queue that slow streams, kept as the paces in force say; every step may be repeated."""

from __future__ import annotations

from collections.abc import Iterable

from estafette.base.clock import Clock
from estafette.base.ids import Mint
from estafette.model.pace import Pace
from estafette.model.rule import PACE, Filter, Rule
from estafette.store.interface.spool import Spool


class PaceRules:
    """Run by the janitor."""

    def __init__(self, spool: Spool, clock: Clock, mint: Mint) -> None:
        self._spool = spool
        self._clock = clock
        self._mint = mint

    async def turn(self, in_force: Iterable[Pace]) -> None:
        """Add rules of new paces, lift those of others; couriers hear of both."""
        made = {rule.pace: rule for rule in await self._spool.rules() if rule.pace}
        for pace in in_force:
            if made.pop(pace.id, None) is None:
                await self._spool.add_rule(self._rule(pace))
        if made:
            await self._spool.lift_rules([rule.id for rule in made.values()])

    def _rule(self, pace: Pace) -> Rule:
        return Rule(
            id=self._mint.next(), kind="slow", filter=Filter(tenant=pace.tenant, stream=pace.stream, site=pace.site),
            reason=pace.rule, created=self._clock.now(), by=f"{PACE}{pace.id}", until=pace.until, rate=pace.rate,
        )  # fmt: skip
