"""What stands behind the listener of recipients: database and store, opened whenever they answer."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from estafette.base import log
from estafette.base.errors import StoreUnavailable
from estafette.events.acts import Act, Choice, Fact, Measured, Unsubscription, Withdrawal
from estafette.relay.feedback.unsubscription import Unsubscribing
from estafette.relay.viewing import Viewing
from estafette.runtime.assemble import Unit, identities
from estafette.runtime.offices import RECIPIENT, office_of
from estafette.store.open import Store, open_store
from estafette.tenancy import consents
from estafette.tracking.token import Target
from estafette.web.public.standing import Standing

#: Seconds between two tries to open the database, or the store.
AGAIN_AFTER = 1.0

_log = log.get("runtime.acts")


class Reach:
    """Both, for one process."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._unsubscribing: Unsubscribing | None = None
        self.standing = Standing(urlsplit(unit.settings.service.public_url).hostname or "")

    async def open(self) -> None:
        """Open what is not open yet, trying for as long as it takes."""
        unit = self._unit
        told = False
        while True:
            try:
                if not hasattr(unit, "directory"):
                    await identities(unit, upgrade=False)
                self.standing.directory = unit.directory
                if not hasattr(unit, "store"):
                    unit.hold(await open_store(unit.settings.store.url, role="client", clock=unit.clock))
                break
            except Exception as error:  # nothing of it is needed to answer
                if not told:
                    _log.warning("recipients_are_answered_without_the_store", cause=str(error))
                told = True
                await asyncio.sleep(AGAIN_AFTER)
        self._unsubscribing = Unsubscribing(office_of(unit, RECIPIENT), unit.store.spool, unit.store.history)

    def _store(self) -> Store:
        if self._unsubscribing is None:
            raise StoreUnavailable("the store was not reached yet", place="store.sock")
        return self._unit.store

    async def deliver(self, acts: Sequence[Act]) -> None:
        """Hand acts to the store, and make unsubscriptions and withdrawals effective."""
        store = self._store()
        if hits := [act.hit for act in acts if isinstance(act, Measured)]:
            await store.hits.add(hits)
        if facts := [act.event for act in acts if isinstance(act, Fact)]:
            await store.spool.record(facts)
        for act in acts:
            if isinstance(act, Unsubscription) and self._unsubscribing is not None:
                await self._unsubscribing.apply(act)
            elif isinstance(act, Choice) and self._unsubscribing is not None:
                await self._unsubscribing.choose(act)
            elif isinstance(act, Withdrawal):
                office = office_of(self._unit, RECIPIENT)
                await asyncio.to_thread(consents.withdraw, office, act.tenant, act.person, at=act.at)

    async def wanted(self, target: Target) -> Collection[str]:
        """Return the topics that a token's recipient gets as things are. StoreFault, NotFound."""
        self._store()
        assert self._unsubscribing is not None
        return await self._unsubscribing.wanted(
            target.tenant, target.stream, target.message, target.number, target.person
        )

    async def letter(self, target: Target) -> bytes | None:
        """Return a recipient's message; see ``Viewing``."""
        unit = self._unit
        return await Viewing(self._store().spool, unit.keyring, unit.settings.service.public_url).letter(target)
