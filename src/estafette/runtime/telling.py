"""Letters of the service that follow from what was counted: composed here, and put into the queue like any mail."""

from __future__ import annotations

from collections.abc import Iterable

from estafette.base import log
from estafette.relay import service_mail
from estafette.runtime.assemble import Unit
from estafette.tenancy.alerts import Note

_log = log.get("runtime.telling")


async def tell(unit: Unit, notes: Iterable[Note]) -> None:
    """Send letters; what concerns nobody is in the log alone."""
    settings = unit.settings
    for note in notes:
        if not note.to:
            _log.warning("nobody_to_tell", tenant=note.tenant, subject=note.subject)
        for address in note.to:
            letter = service_mail.compose(
                address, note.subject, note.text, tenant="", hostname=settings.service.hostname,
                now=unit.clock.now(), mint=unit.store.mint, expire=settings.delivery.expire,
            )  # fmt: skip
            await unit.store.spool.accept(letter)
