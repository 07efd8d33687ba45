"""Reads reports of delivery and automatic answers; the MAC of the return path says whose they are, and nothing else.

A report may say what it likes: it changes only the recipient whose return path it came to, once, along the moves that
``model.journey`` lists. What is replayed, foreign or of nobody is filed with a reason and dropped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import msgspec

from estafette.base.ids import Mint, moment, read
from estafette.mail.returns import reader
from estafette.mail.returns.finding import Finding, Said
from estafette.model.event import LATE, Event, Reply
from estafette.model.journey import MOVES, Move, State
from estafette.model.message import Content
from estafette.model.stream import Stream
from estafette.relay.feedback import notices
from estafette.relay.feedback.apart import apart
from estafette.relay.feedback.journeys import Journeys, Key
from estafette.relay.feedback.returned import Early, Returned, Taken
from estafette.smtp.classification import classify
from estafette.store.interface.spool import Notice

_DAY = 86_400.0
#: After it nobody reports any more: a server gives up within days (RFC 5321 section 4.5.4.1 speaks of 4 to 5).
LATEST = 35 * _DAY
#: How long a message is kept that was understood, as evidence.
EVIDENCE = 7 * _DAY
#: Answers of a program and passing news that are written of one recipient; more say nothing.
NEWS = 5
_NEWS = {
    "delayed": "delayed_notice",
    "relayed": "relayed_notice",
    "delivered": "delivered_notice",
    "expanded": "expanded_notice",
}
_WAITING = "bounced_while_waiting"
_ANSWERS = frozenset({"auto_reply", "challenge", "address_change", "disposition"})
_PHASES = (("in reply to rcpt", "rcpt"), ("rcpt to", "rcpt"), ("mail from", "mail"), ("end of data", "data"))


class ReportReader:
    """Implements ``Reader``.

    path: returns (message, number) of a return path that we made. remembered: what is still known of messages, without
    their bodies. stream: returns a tenant's stream by name, None when there is none any more.
    """

    def __init__(
        self, *, journeys: Journeys, mint: Mint, path: Callable[[str], Key | None],
        remembered: Callable[[Sequence[int]], Awaitable[Mapping[int, Content]]],
        stream: Callable[[str, str], Stream | None],
    ) -> None:  # fmt: skip
        self._journeys = journeys
        self._mint = mint
        self._path = path
        self._remembered = remembered
        self._stream = stream

    async def take(self, returned: Returned) -> Taken | Early | None:
        """See ``Reader``."""
        if not returned.paths:
            return None
        found = await apart(returned.body, partial(reader.read, null=not returned.sender))
        if found.kind == "feedback":
            return None
        about = returned.paths[0]
        why = self._not_ours(returned, about, found)
        if why:
            return self._filed(returned, f"not_ours_{why}")
        if found.kind in _ANSWERS:
            return self._answer(returned, about, found)
        if found.kind == "report":
            return await self._report(returned, about, found)
        return self._filed(returned, "not_understood", keep=None)

    def _not_ours(self, returned: Returned, about: Key, found: Finding) -> str:
        """Return why a report is none of ours in spite of its address, "" when nothing speaks against it."""
        message, _ = about
        if not 0 <= returned.at - moment(message) <= LATEST:
            return "out_of_time"
        if not any(self._journeys.queued(key) for key in self._keys(about)):
            return "forgotten"
        if found.quoted.number and _id(found.quoted.number) != message:
            return "foreign"
        quoted = [
            key
            for each in map(str.lower, found.quoted.paths)
            if each not in returned.to and (key := self._path(each)) is not None
        ]
        if any(key != about for key in quoted):
            return "foreign"
        return ""

    def _keys(self, about: Key) -> Sequence[Key]:
        message, number = about
        return [about] if number else [(message, each) for each in self._journeys.recipients(message)]

    def _address(self, key: Key) -> str:
        queued = self._journeys.queued(key)
        return "" if queued is None else queued.recipient.casefold()

    # Reports.

    async def _report(self, returned: Returned, about: Key, found: Finding) -> Taken | Early:
        told = self._told(about, found.said)
        if not told:
            return self._filed(returned, "not_ours_recipient")
        events: list[Event] = []
        owed: list[Notice] = []
        for key, said in told:
            event = self._event(returned, key, said)
            if event is None:
                continue
            events.append(event)
            if event.kind == "bounced":
                owed.extend(await self._owed(event, said))
        if not events:
            return self._filed(returned, "not_ours_replayed")
        what = "bounce" if any(event.kind == "bounced" for event in events) else events[0].reason
        taken = Taken(what, tuple(events), tuple(owed), EVIDENCE)
        # A server near by may report what it took before its 250 is settled here.
        return Early(taken) if any(event.reason == _WAITING for event in events) else taken

    def _told(self, about: Key, said: Sequence[Said]) -> list[tuple[Key, Said]]:
        """Return whom a report means among the recipients of its return path."""
        keys = self._keys(about)
        by_address: dict[str, Key] = {}
        for key in keys:
            if address := self._address(key):
                by_address[address] = key
        told: dict[Key, Said] = {}
        for each in said:
            named = by_address.get(each.original.casefold()) or by_address.get(each.final.casefold())
            if named is not None:
                told.setdefault(named, each)
        if not told and len(keys) == 1 and said:
            # The mailbox was an alias: what it led to failed, wholly only when everything it led to did.
            passing = [each for each in said if each.action != "failed"]
            told[keys[0]] = passing[0] if passing else said[0]
        return list(told.items())

    def _event(self, returned: Returned, key: Key, said: Said) -> Event | None:
        """Return the event that a report causes, None when it says nothing new."""
        queued = self._journeys.queued(key)
        assert queued is not None
        if said.action != "failed":
            return self._news(returned, key, "unknown", _NEWS[said.action], said)
        state = self._journeys.state(key)
        if (state, Move.BOUNCED) in MOVES and state is not State.WAITING:
            meant = classify(said.code, said.status, said.text, _phase(said))
            return msgspec.structs.replace(
                self._made(returned, queued, "bounced", LATE, said), category=meant.category, scope=meant.scope,
                rule=f"{meant.rule}@{meant.version}",
            )  # fmt: skip
        if state is State.WAITING:
            # Its next attempt will tell; the row belongs to its courier.
            return self._news(returned, key, "unknown", _WAITING, said)
        return None

    def _news(self, returned: Returned, key: Key, kind: str, reason: str, said: Said | None) -> Event | None:
        queued = self._journeys.queued(key)
        assert queued is not None
        event = self._made(returned, queued, kind, reason, said)
        before = [each for each in self._journeys.of(key) if each.kind == kind and each.reason == reason]
        if len(before) >= NEWS or any(each.reply == event.reply and each.reply is not None for each in before):
            return None
        return event

    def _made(self, returned: Returned, queued: Event, kind: str, reason: str, said: Said | None) -> Event:
        reply = Reply(said.code, said.status, said.text) if said and (said.code or said.status or said.text) else None
        taken = self._journeys.taken((queued.message, queued.number))
        # Counted where it was delivered: who reports may stand far behind that server, or be nobody's.
        site, source = (taken.site, taken.source) if taken is not None else ("", "")
        return msgspec.structs.replace(
            queued, id=self._mint.next(), at=returned.at, kind=kind, reason=reason, reply=reply, attempt=0, charged=0,
            site=site, source=source,
        )  # fmt: skip

    async def _owed(self, event: Event, said: Said) -> list[Notice]:
        """Return what the sender is to be told: as of a failure at once, if the message is still known."""
        stream = self._stream(event.tenant, event.stream)
        if stream is None or not (event.private or stream.report_to):
            return []
        content = (await self._remembered([event.message])).get(event.message)
        if content is None:
            return []
        item = notices.late_item(content, event, said, stream.egress)
        return [Notice(event.message, event.number, event.at, item)] if item else []

    # Answers of programs.

    def _answer(self, returned: Returned, about: Key, found: Finding) -> Taken:
        keys = self._keys(about)
        if len(keys) != 1:  # a shared return path: who answers says so in From, and is one of its recipients or nobody
            keys = [key for key in keys if self._address(key) == found.writer.casefold()]
        if len(keys) != 1:
            return self._filed(returned, f"{found.kind}_of_somebody")
        event = self._news(returned, keys[0], "autoresponded", found.kind, None)
        return (
            self._filed(returned, "not_ours_replayed") if event is None else Taken(found.kind, (event,), keep=EVIDENCE)
        )

    def _filed(self, returned: Returned, reason: str, keep: float | None = EVIDENCE) -> Taken:
        """Drop a message: its reason stands in the log of the service, of no tenant and no message."""
        event = Event(
            id=self._mint.next(), at=returned.at, kind="unknown", tenant="", stream="", message=0,
            source=returned.source, reason=reason, size=len(returned.body),
        )  # fmt: skip
        return Taken(reason, (event,), keep=keep)


def _id(text: str) -> int:
    try:
        return read(text)
    except ValueError:
        return 0


def _phase(said: Said) -> str:
    """Return at which step a server says that it was refused, as far as its words tell."""
    words = said.text.lower()
    return next((phase for phrase, phase in _PHASES if phrase in words), "")
