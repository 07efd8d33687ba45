"""The hit desk: turns raw hits into final ``opened`` and ``clicked`` events, each exactly once.

Events are durable before a hit is closed up, and carry its id: a crash between the two writes them again, and the log
passes over what it knows.
"""

from __future__ import annotations

import asyncio

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import StoreFault
from estafette.base.metrics import counter
from estafette.model.event import pack
from estafette.relay.feedback.hit_events import Country, final
from estafette.relay.feedback.judgement import Judgement
from estafette.store.interface.history import History
from estafette.store.interface.hits import Hits
from estafette.store.interface.spool import Spool
from estafette.tracking.lists import Lists

EVERY = 1.0
#: Hits of one turn.
BATCH = 1_000

_final = counter("hits_final", "Opens and clicks whose class is final, by class.", "agent")
_log = log.get("relay.hit_desk")


class HitDesk:
    """Works off hits that came ``final_after`` seconds ago, oldest first."""

    def __init__(
        self, *, hits: Hits, history: History, spool: Spool, clock: Clock, final_after: float, lists: Lists,
        country: Country,
    ) -> None:  # fmt: skip
        self._hits = hits
        self._spool = spool
        self._clock = clock
        self._wait = final_after
        self._lists = lists
        self._country = country
        self._judgement = Judgement(hits, history, lists)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            done = 0
            try:
                done = await self.turn()
            except StoreFault as fault:
                _log.warning("hits_wait", cause=fault.cause)
            except Exception as error:
                _log.error("hits_failed", exc_info=error)
            await asyncio.sleep(0 if done == BATCH else EVERY)

    async def turn(self, batch: int = BATCH) -> int:
        """Make the oldest hits final; return how many."""
        due = (await self._hits.open(self._clock.now() - self._wait, batch))[:batch]
        if not due:
            return 0
        judged = await self._judgement.judge(due)
        await self._spool.record([pack(final(each, self._lists.programs, self._country)) for each in judged])
        await self._hits.close_up([hit.id for hit in due])
        for each in judged:
            _final.labels(each.verdict.agent).inc()
        return len(due)
