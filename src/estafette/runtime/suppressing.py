"""Assembly of what suppresses: the janitor's reader of the log, and the end of entries that have one."""

from __future__ import annotations

import asyncio

from estafette.base import log
from estafette.base.errors import StoreFault
from estafette.events.reader import follow
from estafette.runtime.assemble import Unit
from estafette.suppression.desk import SuppressionDesk
from estafette.suppression.policy import DAY, load

#: Seconds between two looks at the log when there was nothing new, and between two looks for entries that end.
EVERY = 0.5
EXPIRE_EVERY = 5.0
#: Entries that end in one transaction.
AT_ONCE = 2_000

_log = log.get("runtime.suppressing")


def open_suppression(unit: Unit) -> None:
    """Suppress, and let entries end, for as long as the janitor lives."""
    desk = SuppressionDesk(unit.directory.control.stops)
    unit.readers.append(desk)

    async def read() -> None:
        await desk.begin(await unit.store.history.position())
        await follow(unit.store.history, desk, every=EVERY)

    unit.background(read)
    unit.background(lambda: _expire(unit))


async def _expire(unit: Unit) -> None:
    stops, longest = unit.directory.control.stops, load().longest
    looked = 0
    while True:
        now = unit.clock.now()
        today, over = int(now) // DAY, 0
        try:
            over = await asyncio.to_thread(stops.expire, now, AT_ONCE)
            if today != looked:
                await asyncio.to_thread(stops.forget_soft, today - longest)
                looked = today
        except StoreFault as fault:
            _log.warning("suppressions_wait", cause=fault.cause)
        await asyncio.sleep(0 if over == AT_ONCE else EXPIRE_EVERY)
