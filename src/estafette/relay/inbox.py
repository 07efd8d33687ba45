"""What came in to a tenant's addresses: the log says that it did, the spool has it as long as it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from estafette.model.event import Event
from estafette.model.message import INBOUND, Content
from estafette.store.interface.history import EventFilter, History
from estafette.store.interface.spool import Spool


class Came(NamedTuple):
    """One address that a message came to. content: its envelope, without its body; None when it is kept no longer."""

    event: Event
    content: Content | None


class InboxPage(msgspec.Struct, frozen=True):
    """A page, newest first. next: cursor of the page that follows, 0 at the end."""

    items: Sequence[Came]
    next: int


class Kept(msgspec.Struct, frozen=True):
    """A message. events: one for each of its addresses; () while nobody has read it. content: None when it is gone."""

    message: int
    events: Sequence[Event]
    content: Content | None


class Inbox:
    """Reads only; a message of another tenant is not there. Errors are ``StoreFault``."""

    def __init__(self, spool: Spool, history: History) -> None:
        self._spool = spool
        self._history = history

    async def page(self, selection: EventFilter, *, before: int = 0, limit: int = 100) -> InboxPage:
        """Return mail of the tenant of a selection. before: ``next`` of the page before."""
        found = await self._history.incoming(selection, before=before, limit=limit)
        heads = await self._spool.returned_heads([event.message for _, event in found.items])
        items = [Came(event, _of(event.tenant, heads.get(event.message))) for _, event in found.items]
        return InboxPage(items, found.upto if found.more else 0)

    async def find(self, tenant: str, message: int) -> Kept | None:
        """Return a message of a tenant, with its body unless that rests in a file; None when there is none."""
        content = _of(tenant, (await self._spool.returned([message])).get(message))
        story = await self._history.of_message(message)
        events = [event for event in story if event.kind == "inbound" and event.tenant == tenant]
        return Kept(message, events, content) if events or content is not None else None

    async def body(self, content: Content) -> bytes:
        """Return the octets of a message that was kept, our fields first."""
        if not content.file:
            return content.body
        with await self._spool.open_body(content) as file:
            octets: bytes = await asyncio.to_thread(file.read)
            return octets


def _of(tenant: str, content: Content | None) -> Content | None:
    """Return mail that came in to a tenant; what came back to the service is nobody's to read."""
    return content if content is not None and content.kind == INBOUND and content.tenant == tenant else None
