"""The return desk: has what came back read by whoever it is for, and writes what comes of it, each message once.

The mark that a message is read, the events and what senders are to be told are one commit. Nothing is ever sent to
whoever sent a returned message: what is of no use is filed with a reason, and dropped when its time is over.

What may take long to read stands aside for what does not: each turn reads first whatever is quick, then long ones for a
moment, oldest first. So a heap of reports that unpack to megabytes holds up a bounce for one of them, not for all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

import msgspec

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import Refusal, StoreFault
from estafette.base.metrics import counter
from estafette.mail.headers import Head
from estafette.model.event import pack
from estafette.model.message import INBOUND, Content
from estafette.relay.feedback.filings import Filings
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.feedback.returned import Early, Reader, Returned, Taken
from estafette.store.interface.spool import Read, Spool

EVERY = 1.0
#: Messages of one turn.
BATCH = 500
#: Messages after which others get their turn of the event loop.
STRETCH = 10
#: Seconds after a message came for which whoever calls it early is asked again.
SETTLING = 60.0
#: How many such messages of one turn stay unread; more than that are no coincidence, and others stand behind them.
HELD = 20
#: Octets of a body in a file that are read: as many as it has in memory else.
_LOOKED = 256 * 1024
#: Long messages looked at in one turn, and seconds of it after which no further one is begun.
LONG = 50
SPELL = 1.0
#: Addresses looked at in the fields of a message whose envelope is not known.
_NAMED = 20
#: Fields that repeat the envelope recipient.
_FIELDS = (b"delivered-to", b"x-original-to", b"envelope-to", b"to")
_FIELD_OCTETS = 8_192
_ADDRESS = re.compile(rb"[A-Za-z0-9]{20,64}@[A-Za-z0-9.-]{1,255}")

_read = counter("returns_read", "Returned messages read, by what they were.", "what")
_log = log.get("relay.return_desk")


class _Given(NamedTuple):
    """A kept message as the store has it, None where it is damaged, and as readers get it."""

    number: int
    content: Content | None
    message: Returned | None


class ReturnDesk:
    """Reads kept messages, oldest first.

    readers: asked in turn. journeys: what the log says of the recipients at hand, for all readers.
    path: returns (message, number) of a return path that we made, None for every other address. long: whether reading
    a message may take seconds; whoever takes it does so in a thread.
    """

    def __init__(
        self, *, spool: Spool, clock: Clock, readers: Sequence[Reader], journeys: Journeys,
        path: Callable[[str], tuple[int, int] | None], long: Callable[[Returned], bool] = lambda _returned: False,
    ) -> None:  # fmt: skip
        self._spool = spool
        self._clock = clock
        self._readers = tuple(readers)
        self._journeys = journeys
        self._path = path
        self._long = long
        self._filings = Filings()
        # All up to here was read, but for what is long, and what was committed late.
        self._passed = 0

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            pressing = False
            try:
                pressing = await self.turn() == BATCH or self._passed > 0
            except StoreFault as fault:
                _log.warning("returns_wait", cause=fault.cause)
            except Exception as error:
                _log.error("returns_failed", exc_info=error)
            await asyncio.sleep(0 if pressing else EVERY)  # few at a time cost more each

    async def turn(self, batch: int = BATCH) -> int:
        """Read the oldest quick messages, then long ones for a moment; return how many were read."""
        kept = await self._spool.unread(batch, self._passed)
        given = [await self._given(number, content) for number, content in kept]
        quick = [each for each in given if each.message is None or not self._long(each.message)]
        read = await self._read(quick, inf)
        if len(quick) < len(given):
            self._passed = given[-1].number
        return read + (await self._read_passed() if self._passed else 0)

    async def _read_passed(self) -> int:
        """Read what was passed over, for a moment; afterwards nothing is, when nothing of it can be read by now."""
        kept = await self._spool.unread(LONG)
        given = [await self._given(number, content) for number, content in kept]
        passed = [each for each in given if each.number <= self._passed]
        read = await self._read(passed, SPELL)
        if not read:
            self._passed = 0
        return read

    async def _read(self, given: Sequence[_Given], seconds: float) -> int:
        """Read messages, and write what comes of them, in one commit; begin no other after so many seconds."""
        if not given:
            return 0
        await self._spool.flush()  # the history must have what was committed before, a turn of ours included
        await self._journeys.load([key for each in given if each.message is not None for key in each.message.paths])
        began, read, held = self._clock.monotonic(), list[Read](), 0
        for place, (number, content, message) in enumerate(given):
            if place % STRETCH == STRETCH - 1:
                await asyncio.sleep(0)
            taken = Taken("damaged") if message is None else await self._ask(message, again=held < HELD)
            if taken is None:
                held += 1
            else:
                _read.labels(taken.what).inc()
                read.append(self._closing(number, content, taken))
            if self._clock.monotonic() - began >= seconds:
                break
        await self._spool.close_returns(read)
        return len(read)

    async def _ask(self, message: Returned, *, again: bool) -> Taken | None:
        """Return what came of a message, None when it stays unread for now. again: whether it may."""
        for reader in self._readers:
            try:
                taken = await reader.take(message)
            except StoreFault:
                raise
            except Exception as error:  # one message must not hold up the others; it stays as long as unread mail
                _log.error("return_unreadable", message=message.id, exc_info=error)
                return Taken("unreadable")
            if isinstance(taken, Early):
                if again and 0 <= self._clock.now() - message.at < SETTLING:
                    return None
                taken = taken.otherwise
            if taken is not None:
                taken = msgspec.structs.replace(taken, events=self._filings.kept(message, taken.events))
                self._journeys.note(taken.events)
                return taken
        return Taken("of_nobody")

    def _closing(self, number: int, content: Content | None, taken: Taken) -> Read:
        now = self._clock.now()
        until = now if content is None else content.accepted + content.retention
        if taken.keep is not None:
            until = min(until, now + taken.keep)
        return Read(number, until, tuple(pack(event) for event in taken.events), taken.notices)

    async def _given(self, number: int, content: Content | None) -> _Given:
        return _Given(number, content, None if content is None else await self._returned(content))

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
