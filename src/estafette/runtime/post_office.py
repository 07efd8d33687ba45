"""Hands the letters that the service owes people to the queue, where they become mail as any other."""

from __future__ import annotations

import asyncio

from estafette.base import log
from estafette.base.errors import StoreFault
from estafette.base.seal import SealBroken
from estafette.model.user import Letter
from estafette.relay import service_mail
from estafette.runtime.assemble import Unit
from estafette.tenancy import letters

EVERY = 1.0
_AT_ONCE = 100
_log = log.get("runtime.post_office")


async def carry_letters(unit: Unit) -> None:
    """Carry until the process ends. A crash between queue and table repeats a letter; none is lost."""
    people = unit.directory.control.people
    while True:
        try:
            for letter in await asyncio.to_thread(people.letters, _AT_ONCE):
                await _carry(unit, letter)
        except StoreFault as fault:
            _log.warning("letters_wait", cause=fault.cause)
        await asyncio.sleep(EVERY)


async def _carry(unit: Unit, letter: Letter) -> None:
    settings = unit.settings
    try:
        said = letters.read(unit.keyring, letter)
    except SealBroken as fault:
        # Its link is lost with the key; whoever waits for it asks again.
        _log.error("letter_unreadable", letter=letter.id, cause=fault.cause)
    else:
        submission = service_mail.compose(
            letter.address, said.subject, said.text, tenant="", hostname=settings.service.hostname,
            now=unit.clock.now(), mint=unit.store.mint, expire=settings.delivery.expire,
        )  # fmt: skip
        await unit.store.spool.accept(submission)
    await asyncio.to_thread(unit.directory.control.people.remove_letter, letter.id)
