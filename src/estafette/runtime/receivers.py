"""Assembly of who reads reports from receivers, and forgets them."""

from __future__ import annotations

import asyncio
from functools import partial

from estafette.base import log
from estafette.base.errors import StoreFault
from estafette.relay.feedback.receivers import Owner, ReceiverReader, is_report_address
from estafette.relay.feedback.returned import Door
from estafette.runtime.assemble import Unit
from estafette.runtime.offices import RECIPIENT, office_of
from estafette.tenancy.reports import KEPT

FORGET_EVERY = 3_600.0
_log = log.get("runtime.receivers")


def receiver_reader(unit: Unit) -> ReceiverReader:
    """Return who reads reports from receivers."""
    return ReceiverReader(office=office_of(unit, RECIPIENT), owner=_owner(unit), sources=unit.settings.source_addresses)


def report_door(unit: Unit) -> Door:
    """Return what opens the mx listeners to ``dmarc@`` and ``tlsrpt@`` at every domain that we serve."""
    return partial(is_report_address, owner=_owner(unit))


async def forget_reports(unit: Unit) -> None:
    """Forget reports whose time is over, for as long as the janitor lives."""
    while True:
        try:
            await asyncio.to_thread(unit.directory.control.reports.prune, unit.clock.now() - KEPT)
        except StoreFault as fault:
            _log.warning("reports_wait", cause=fault.cause)
        await asyncio.sleep(FORGET_EVERY)


def _owner(unit: Unit) -> Owner:
    service = unit.settings.service
    own = frozenset({service.hostname.lower(), service.return_path.lower()})

    def owner(domain: str) -> str | None:
        if domain in own:
            return ""
        proved = unit.directory.proved(domain)
        return proved.tenant if proved is not None else None

    return owner
