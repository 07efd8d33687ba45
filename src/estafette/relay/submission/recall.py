"""What a sender may do to a letter that was taken: call it back, give it another time, send it again, read it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from estafette.base.clock import Clock
from estafette.base.ids import Mint
from estafette.mail import late
from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.model.letter import Letter, Mailbox
from estafette.model.message import Content
from estafette.model.placement import Result
from estafette.model.rule import Filter, Rule
from estafette.model.tracking import strictest
from estafette.relay.submission.examination import FURTHEST
from estafette.relay.submission.posting import Posting
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.store.interface.history import History
from estafette.store.interface.spool import Spool


class Kept(msgspec.Struct, frozen=True):
    """What is known of a message. content: None when it was not kept so long."""

    message: int
    content: Content | None
    events: Sequence[Event]


class Recall:
    """Messages after they were taken, as their tenant sees them."""

    def __init__(self, *, spool: Spool, history: History, clock: Clock, mint: Mint, posting: Posting) -> None:
        self._spool = spool
        self._history = history
        self._clock = clock
        self._mint = mint
        self._posting = posting

    async def find(self, identity: Identity, message: int) -> Kept:
        """Return what is known of a message of the caller's tenant; Wrong 404 when nothing is."""
        events = [event for event in await self._history.of_message(message) if event.tenant == identity.tenant]
        content = (await self._spool.contents([message])).get(message)
        if content is not None and content.tenant != identity.tenant:
            content = None
        if content is None and not events:
            raise missing()
        return Kept(message, content, events)

    async def body(self, identity: Identity, message: int, number: int = 1) -> bytes:
        """Return the message as it goes to a recipient, before signatures. Wrong 410 when it is no longer kept.

        A person's mail is read by its sender alone: to others it is not there.
        """
        content = await self._readable(identity, message)
        if not 1 <= number <= content.recipients:
            raise missing()
        stored = await self._stored(content)
        return late.write(late.opened(stored), number) if content.late else stored

    async def cancel(self, identity: Identity, message: int, number: int = 0) -> int:
        """Call back what waits of a message, or of one recipient of it; return to how many recipients.

        Wrong 409 when nothing waits. A courier carries it out within a second; an attempt under way may still end in
        delivery.
        """
        waiting = await self._waiting(identity, message, number)
        await self._call_back(identity, Filter(tenant=identity.tenant, message=message, number=number))
        return waiting

    async def cancel_campaign(self, identity: Identity, campaign: str) -> int:
        """Call back what waits now of a campaign, as far as the caller itself submitted it; return how much was seen.

        Wrong 404 when nothing waits.
        """
        selection = Filter(
            tenant=identity.tenant, campaign=campaign, credential=identity.credential, before=self._mint.next()
        )
        page = await self._spool.find(selection, limit=1000)
        if not page.items:
            raise wrong("not_found", "nothing of it waits", "see its events", status=404)
        await self._call_back(identity, selection)
        return len(page.items)

    async def reschedule(self, identity: Identity, message: int, due: float) -> int:
        """Give a message another time (unix seconds, the past means now); return for how many recipients.

        Wrong 409 when each of them was tried already.
        """
        now = self._clock.now()
        if due > now + FURTHEST:
            detail = f"at most {int(FURTHEST / 86_400)} days ahead"
            raise wrong("scheduled_too_far", detail, "name an earlier time", "scheduled_at")
        await self._waiting(identity, message)
        moved = await self._spool.reschedule(identity.tenant, message, max(now, due))
        if not moved:
            raise _over("it was tried already", "send it again: POST /v1/emails/ID/resend")
        return moved

    async def resend(
        self, identity: Identity, message: int, to: Sequence[str], client: str, *, key: str = ""
    ) -> Result:
        """Send a kept message again, as a new one, to some or all of its recipients, or to others.

        key: of idempotency, as ``Posting.post``.
        """
        content = await self._readable(identity, message)
        if content.late:
            raise wrong("personal_message", "it was written for each recipient", "send the letter again", "id")
        addresses = list(to) or await self._recipients(message, content)
        stored = await self._stored(content)
        letter = Letter(
            sender=Mailbox(content.sender),
            to=tuple(Mailbox(address) for address in addresses),
            raw=_without_trace(stored),
            stream=content.stream,
            campaign=content.campaign,
            topic=content.topic,
            tags=content.tags,
            metadata=content.metadata,
            # Sent again by hand, it is counted at most: who was to be left out of measuring is no longer known.
            tracking=strictest(content.tracking, "aggregate"),
            opens=content.opens,
            clicks=content.clicks,
            track_text=content.track_text,
            link_tags=content.link_tags,
        )
        return (await self._posting.post(identity, [letter], client=client, key=key))[0]

    async def _readable(self, identity: Identity, message: int) -> Content:
        kept = await self.find(identity, message)
        if kept.content is None:
            raise wrong("content_gone", "its content is no longer kept", "see retention in the settings", status=410)
        if kept.content.kind == "personal" and kept.content.credential != identity.credential:
            raise missing()
        return kept.content

    async def _stored(self, content: Content) -> bytes:
        if not content.file:
            return content.body
        file = await self._spool.open_body(content)
        try:
            body: bytes = await asyncio.to_thread(file.read)
        finally:
            file.close()
        return body

    async def _recipients(self, message: int, content: Content) -> list[str]:
        """Return whom a message went to: from the log, else from what still waits."""
        events = await self._history.of_message(message)
        found = [event.recipient for event in events if event.kind == "queued"]
        if len(found) < content.recipients:
            page = await self._spool.find(Filter(tenant=content.tenant, message=message), limit=content.recipients)
            found = list(dict.fromkeys([*found, *(row.address for row in page.items)]))
        return found

    async def _call_back(self, identity: Identity, selection: Filter) -> None:
        rule = Rule(
            id=self._mint.next(),
            kind="cancel",
            filter=selection,
            reason="the sender called it back",
            created=self._clock.now(),
            by=identity.username,
        )
        await self._spool.add_rule(rule)

    async def _waiting(self, identity: Identity, message: int, number: int = 0) -> int:
        page = await self._spool.find(Filter(tenant=identity.tenant, message=message, number=number), limit=1000)
        if page.items:
            contents = await self._spool.contents([message])
            content = contents.get(message)
            if content is not None and content.kind == "personal" and content.credential != identity.credential:
                raise missing()
            return content.recipients if page.next and content is not None else len(page.items)
        await self.find(identity, message)
        raise _over("nothing of it waits any more", "see its events: GET /v1/emails/ID")


def missing() -> Wrong:
    """Return the answer for a message that is not there, or not the caller's."""
    return wrong("not_found", "no such message", "ids have 13 characters; events are kept for a time", status=404)


def _over(detail: str, fix: str) -> Wrong:
    return wrong("too_late", detail, fix, status=409)


def _without_trace(stored: bytes) -> bytes:
    """Return a kept message without the Received field that was put on top of it."""
    if stored[:9].lower() != b"received:":
        return stored
    position = stored.find(b"\r\n") + 2
    while stored[position : position + 1] in {b" ", b"\t"}:
        position = stored.find(b"\r\n", position) + 2
    return stored[position:]
