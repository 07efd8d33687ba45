"""Assembly of the watch: once an hour has ended and is counted, tenants are looked at, and written to when need be."""

from __future__ import annotations

import asyncio

from estafette.base import log
from estafette.base.errors import StoreFault
from estafette.base.metrics import counter
from estafette.reporting import watch
from estafette.reporting.anomalies import HOUR
from estafette.runtime.assemble import Unit
from estafette.runtime.offices import office_of
from estafette.runtime.telling import tell

#: Seconds between two rounds.
EVERY = 30.0

_begun = counter("anomalies", "Episodes in which something of a tenant was far from its own past.")
_log = log.get("runtime.watching")


async def watch_tenants(unit: Unit) -> None:
    """Watch until cancelled. After a restart the last hour is looked at again, which changes nothing."""
    looked = 0
    while True:
        try:
            looked = await round_of(unit, looked)
        except StoreFault as fault:
            _log.warning("watch_waits", cause=fault.cause)
        await asyncio.sleep(EVERY)


async def round_of(unit: Unit, looked: int) -> int:
    """Look at the last full hour unless it was looked at, and send what is owed; return the end of the hour."""
    office, end = office_of(unit), int(unit.clock.now()) // HOUR * HOUR
    if end > looked and await _all_counted(unit):
        _begun.inc(await watch.look_at_all(office, unit.store.statistics, end))
        looked = end
    for anomaly, note in await asyncio.to_thread(watch.owed, office):
        await tell(unit, [note])
        await asyncio.to_thread(watch.told, office, anomaly)
    return looked


async def _all_counted(unit: Unit) -> bool:
    """Return whether everything that was accepted or answered until now is in the counters."""
    position = await unit.store.statistics.position()
    return not (await unit.store.spool.outbox(position, 1) or await unit.store.history.after(position, 1))
