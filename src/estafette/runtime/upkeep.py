"""Assembly of what the janitor does for domains: the daily look at records, and keys that turn over."""

from __future__ import annotations

import asyncio

from estafette.base import log
from estafette.base.errors import Fault
from estafette.runtime.assemble import Unit
from estafette.runtime.offices import office_of
from estafette.tenancy import rechecks, rotation
from estafette.tenancy.published import Published

#: Seconds between two rounds; each takes what is due, and the first comes soon after the start.
EVERY = 60.0
FIRST = 5.0

_log = log.get("runtime.upkeep")


async def keep_domains(unit: Unit) -> None:
    """Look at the records of proved domains day by day, and move keys on, until the process ends."""
    settings = unit.settings
    office = office_of(unit)
    names = Published(settings.dns.servers, allow=settings.delivery.allow_networks)
    await asyncio.sleep(FIRST)
    while True:
        try:
            if settings.delivery.transport != "capture":
                await rechecks.look(office, names)
            await asyncio.to_thread(rotation.keep, office)
        except Fault as fault:
            _log.warning("domains_wait", cause=fault.cause)
        await asyncio.sleep(EVERY)
