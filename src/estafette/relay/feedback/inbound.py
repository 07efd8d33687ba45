"""Reads mail that came in by a route: writes that it came, and of which message of ours it is the answer.

That it is one takes three: it names the id of a message (RFC 5322 section 3.6.4), the log has that message as one of
the same tenant, and who it says it is from is a recipient of it. Else it is mail like any other: nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from estafette.base import ids
from estafette.base.errors import Refusal
from estafette.base.ids import Mint
from estafette.mail import thread
from estafette.mail.headers import Head
from estafette.mail.returns import signs
from estafette.mail.returns.opened import Opened
from estafette.model.address import AddressError, parse_path
from estafette.model.event import Event, Reply
from estafette.model.route import Way
from estafette.relay.feedback.journeys import Journeys, Key
from estafette.relay.feedback.returned import Returned, Taken

#: Reason of an ``inbound`` event: the company's server refused it after others had it, so that it is kept instead.
REFUSED = "refused_by_server"
#: Ids looked up of one message, the nearest first.
LOOKED = 5
#: Answers that are written of one recipient; whoever sends more of them says nothing new.
MOST = 100


class InboundReader:
    """Implements ``Reader``. way: what a route, by the domain of an address and its id, does; None when it is gone."""

    def __init__(self, *, journeys: Journeys, mint: Mint, way: Callable[[str, str], Way | None]) -> None:
        self._journeys = journeys
        self._mint = mint
        self._way = way

    async def take(self, returned: Returned) -> Taken | None:
        """See ``Reader``. What the company's server has is removed when it is read, the rest when its time is over."""
        if not returned.inbound:
            return None
        came = [self._came(returned, place, address) for place, address in enumerate(returned.to, 1)]
        answer = await self._answer(returned)
        events = (*came, answer) if answer is not None else tuple(came)
        what = "inbound" if answer is None else f"inbound_{answer.kind}"
        return Taken(what, events, keep=0.0 if returned.handed else None)

    def _came(self, returned: Returned, number: int, address: str) -> Event:
        return Event(
            id=self._mint.next(), at=returned.at, kind="inbound", tenant=returned.tenant, stream="",
            message=returned.id, number=number, recipient=address, source=returned.source, size=returned.size,
            reason=self._done(returned, address), route=returned.route,
        )  # fmt: skip

    def _done(self, returned: Returned, address: str) -> str:
        """Return what was done with it: the way of its route, or why it was kept in spite of that."""
        if returned.handed:
            return "forward"
        way = self._way(address.rpartition("@")[2], returned.route)
        return REFUSED if way == "forward" else way or "keep"

    async def _answer(self, returned: Returned) -> Event | None:
        """Return the event of the message of ours that is answered; None when it answers none, or was heard before."""
        try:
            head = Head.parse(returned.body)
        except Refusal:
            return None
        marks, writers = thread.answered(head), thread.writers(head)
        if not marks or not writers:
            return None
        for mark in marks[:LOOKED]:  # each is a look into the log that a stranger asks for
            await self._journeys.also([(mark.message, mark.number)])
            queued = self._queued(mark, returned.tenant, writers)
            if queued is not None:
                return self._event(returned, head, queued)
        return None

    def _queued(self, mark: thread.Answered, tenant: str, writers: frozenset[str]) -> Event | None:
        numbers = [mark.number] if mark.number else self._journeys.recipients(mark.message)
        for number in numbers:
            queued = self._journeys.queued((mark.message, number))
            if queued is not None and queued.tenant == tenant and _key(queued.recipient) in writers:
                return queued
        return None

    def _event(self, returned: Returned, head: Head, queued: Event) -> Event | None:
        kind = signs.kind_of(Opened(head.section + b"\r\n"))  # what it quotes would be taken for its own words
        said = Reply(0, "", thread.own_id(head)[:512])
        event = msgspec.structs.replace(
            queued, id=self._mint.next(), at=returned.at, kind="replied" if kind == "unknown" else "autoresponded",
            reason="" if kind == "unknown" else kind, reply=said, attempt=0, charged=0, size=returned.size,
            source=ids.show(returned.id), route=returned.route,
        )  # fmt: skip
        return event if self._new((queued.message, queued.number), event) else None

    def _new(self, key: Key, event: Event) -> bool:
        """Whether an answer was not told before: it came to several addresses, or again after a broken hand-over."""
        before = [each for each in self._journeys.of(key) if each.kind == event.kind]
        return len(before) < MOST and all(each.reply != event.reply for each in before)


def _key(address: str) -> str:
    try:
        return parse_path(address, smtputf8=True).key
    except AddressError:
        return ""
