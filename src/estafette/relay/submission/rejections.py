"""Recipients who are refused because they are suppressed: each becomes an event, though no message was accepted."""

from __future__ import annotations

import asyncio
from typing import Protocol

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import Refusal, StoreFault
from estafette.base.ids import Mint
from estafette.base.metrics import counter
from estafette.model.credential import Identity
from estafette.model.event import Event, Reply, pack

#: The rule of refusals that are told.
SUPPRESSED = "suppressed"
#: Events kept while the store does not take them; beyond, they are counted and no more.
MOST = 20_000
#: Seconds in which events gather, and events of one commit.
GATHER = 0.2
AT_ONCE = 1_000

_untold = counter("rejections_untold", "Refusals of suppressed recipients that found no room in the log.")
_log = log.get("submission.rejections")


class Recorder(Protocol):
    """What is needed of the spool."""

    async def record(self, events: list[bytes]) -> None:
        """Log packed events."""
        ...


class Rejections:
    """Of one process. ``run`` tells the log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: list[bytes] = []
        self._written = asyncio.Event()
        self._telling = asyncio.Lock()

    def note(self, mint: Mint, identity: Identity, recipient: str, refusal: Refusal, source: str = "") -> None:
        """Note a refusal, if it is of this kind. source: the client's address."""
        if refusal.rule != SUPPRESSED:
            return
        if len(self._events) >= MOST:
            _untold.inc()
            return
        event = Event(
            id=mint.next(), at=self._clock.now(), kind="rejected", tenant=identity.tenant, stream=identity.stream,
            message=0, recipient=recipient, reply=Reply(refusal.code, refusal.enhanced, refusal.public),
            source=source, reason=SUPPRESSED, credential=identity.credential, private=identity.kind == "personal",
        )  # fmt: skip
        self._events.append(pack(event))
        self._written.set()

    async def run(self, spool: Recorder) -> None:
        """Tell the log, until cancelled."""
        while True:
            await self._written.wait()
            await asyncio.sleep(GATHER)
            await self.flush(spool)

    async def flush(self, spool: Recorder) -> None:
        """Tell the log what is noted; a store that does not answer is asked again later."""
        async with self._telling:
            self._written.clear()
            while some := self._events[:AT_ONCE]:
                try:
                    await spool.record(some)
                except StoreFault as fault:
                    _log.warning("rejections_wait", cause=fault.cause, events=len(self._events))
                    self._written.set()
                    return
                del self._events[: len(some)]
