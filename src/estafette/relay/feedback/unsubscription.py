"""An unsubscription takes effect: an entry that stops further mail, and an event. Safe to repeat."""

from __future__ import annotations

import asyncio

import msgspec

from estafette.events.acts import Unsubscription
from estafette.model.address import AddressError
from estafette.model.event import Event, pack
from estafette.store.interface.history import History
from estafette.store.interface.spool import Spool
from estafette.tenancy import suppressions
from estafette.tenancy.office import NotFound, Office

REASON = "unsubscribed"


class Unsubscribing:
    """Applies what recipients asked for. office: in whose name entries are written."""

    def __init__(self, office: Office, spool: Spool, history: History) -> None:
        self._office = office
        self._spool = spool
        self._history = history

    async def apply(self, act: Unsubscription) -> None:
        """Suppress, then log. StoreFault. A tenant that is gone has no mail to stop."""
        queued = await self._queued(act)
        if queued is None:
            await self._spool.flush()
            queued = await self._queued(act)
        try:
            await asyncio.to_thread(self._suppress, act, queued.recipient if queued else "")
        except NotFound:
            return
        await self._spool.record([pack(_event(act, queued))])

    async def _queued(self, act: Unsubscription) -> Event | None:
        """Return what the log says of the recipient; None when its retention is over."""
        for event in await self._history.of_message(act.message):
            if event.kind == "queued" and event.number == act.number and event.tenant == act.tenant:
                return event
        return None

    def _suppress(self, act: Unsubscription, address: str) -> None:
        """Stop the stream, or all of the tenant when the stream is gone; without an address by the keyed hash."""
        owner = self._office.control.lists.tenant(act.tenant)
        if owner is None or owner.id != act.tenant:
            raise NotFound("the tenant is gone", place="tenant")
        known = {stream.name for stream in self._office.control.lists.streams([act.tenant])}
        stream = act.stream if act.stream in known else ""
        try:
            suppressions.add(self._office, act.tenant, address, stream=stream, reason=REASON)
        except AddressError:  # its retention is over, or the person was erased
            suppressions.add_person(self._office, act.tenant, act.person, stream=stream, reason=REASON)


def _event(act: Unsubscription, queued: Event | None) -> Event:
    event = Event(
        id=act.id, at=act.at, kind="unsubscribed", tenant=act.tenant, stream=act.stream, message=act.message,
        number=act.number, source=act.means, reason=act.topic,
    )  # fmt: skip
    if queued is None:
        return event
    return msgspec.structs.replace(
        event, recipient=queued.recipient, campaign=queued.campaign, tags=queued.tags, template=queued.template,
        metadata=queued.metadata, credential=queued.credential, from_domain=queued.from_domain, private=queued.private,
    )  # fmt: skip
