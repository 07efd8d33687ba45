"""The return desk: has what came back read by whoever it is for, and writes what comes of it, each message once.

The mark that a message is read, the events and what senders are to be told are one commit. Nothing is ever sent to
whoever sent a returned message: what is of no use is filed with a reason, and dropped when its time is over.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import Refusal, StoreFault
from estafette.base.metrics import counter
from estafette.mail.headers import Head
from estafette.model.event import pack
from estafette.model.message import INBOUND, Content
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.feedback.returned import Reader, Returned, Taken
from estafette.store.interface.spool import Read, Spool

EVERY = 1.0
#: Messages of one turn.
BATCH = 500
#: Messages after which others get their turn of the event loop.
STRETCH = 10
#: Octets of a body in a file that are read: as many as it has in memory else.
_LOOKED = 256 * 1024
#: Addresses looked at in the fields of a message whose envelope is not known.
_NAMED = 20
#: Fields that repeat the envelope recipient.
_FIELDS = (b"delivered-to", b"x-original-to", b"envelope-to", b"to")
_FIELD_OCTETS = 8_192
_ADDRESS = re.compile(rb"[A-Za-z0-9]{20,64}@[A-Za-z0-9.-]{1,255}")

_read = counter("returns_read", "Returned messages read, by what they were.", "what")
_log = log.get("relay.return_desk")


class ReturnDesk:
    """Reads kept messages, oldest first.

    readers: asked in turn. journeys: what the log says of the recipients at hand, for all readers.
    path: returns (message, number) of a return path that we made, None for every other address.
    """

    def __init__(
        self, *, spool: Spool, clock: Clock, readers: Sequence[Reader], journeys: Journeys,
        path: Callable[[str], tuple[int, int] | None],
    ) -> None:  # fmt: skip
        self._spool = spool
        self._clock = clock
        self._readers = tuple(readers)
        self._journeys = journeys
        self._path = path

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            done = 0
            try:
                done = await self.turn()
            except StoreFault as fault:
                _log.warning("returns_wait", cause=fault.cause)
            except Exception as error:
                _log.error("returns_failed", exc_info=error)
            await asyncio.sleep(0 if done == BATCH else EVERY)  # few at a time cost more each

    async def turn(self, batch: int = BATCH) -> int:
        """Read the oldest messages; return how many."""
        kept = await self._spool.unread(batch)
        if not kept:
            return 0
        await self._spool.flush()  # the history must have what was committed before, a turn of ours included
        messages = [None if content is None else await self._returned(content) for _, content in kept]
        await self._journeys.load([key for each in messages if each is not None for key in each.paths])
        read: list[Read] = []
        for place, (number, content) in enumerate(kept):
            if place % STRETCH == STRETCH - 1:
                await asyncio.sleep(0)
            message = messages[place]
            taken = Taken("damaged") if message is None else await self._ask(message)
            _read.labels(taken.what).inc()
            read.append(self._closing(number, content, taken))
        await self._spool.close_returns(read)
        return len(read)

    async def _ask(self, message: Returned) -> Taken:
        for reader in self._readers:
            try:
                taken = await reader.take(message)
            except StoreFault:
                raise
            except Exception as error:  # one message must not hold up the others; it stays as long as unread mail
                _log.error("return_unreadable", message=message.id, exc_info=error)
                return Taken("unreadable")
            if taken is not None:
                self._journeys.note(taken.events)
                return taken
        return Taken("of_nobody")

    def _closing(self, number: int, content: Content | None, taken: Taken) -> Read:
        now = self._clock.now()
        until = now if content is None else content.accepted + content.retention
        if taken.keep is not None:
            until = min(until, now + taken.keep)
        return Read(number, until, tuple(pack(event) for event in taken.events), taken.notices)

    async def _returned(self, content: Content) -> Returned:
        to = tuple(each.lower() for each in content.came_to)
        inbound = content.kind == INBOUND
        names = () if inbound else to or _named(content.body)
        paths = [found for each in names if (found := self._path(each)) is not None]
        return Returned(
            id=content.id, at=content.accepted, sender=content.sender, to=to, source=content.source,
            body=await self._beginning(content) if content.file else content.body, paths=tuple(dict.fromkeys(paths)),
            inbound=inbound, tenant=content.tenant, route=content.route, handed=content.handed, size=content.size,
        )  # fmt: skip

    async def _beginning(self, content: Content) -> bytes:
        """Return as much of a body in a file as any reader looks at."""
        with await self._spool.open_body(content) as file:
            found: bytes = await asyncio.to_thread(file.read, _LOOKED)
        return found


def _named(body: bytes) -> list[str]:
    """Return the addresses that the fields of a message name; an earlier release did not keep its envelope."""
    try:
        head = Head.parse(body)
    except Refusal:
        return []
    text = b" ".join(value for name in _FIELDS for value in head.get_all(name))[:_FIELD_OCTETS]
    return [found.decode("ascii") for found in _ADDRESS.findall(text)[:_NAMED]]
