"""``/messages/outbound``: what was sent, and what became of it."""

import asyncio
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.model.message import Content
from estafette.relay.submission.recall import Kept
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.web import shapes
from estafette.web.dialects.numbers import message_of, universal
from estafette.web.dialects.postmark.content import content
from estafette.web.dialects.postmark.form import STREAMS
from estafette.web.dialects.postmark.user import user
from estafette.web.privacy import Privacy
from estafette.web.services import Services

#: Messages among which a search looks, newest first.
SEARCHED = 10_000
_NAMES = MappingProxyType({ours: theirs for theirs, ours in STREAMS.items()})
#: Kinds of events -> Postmark's types; the others it does not have.
_TYPES = MappingProxyType({
    "delivered": "Delivered", "sent": "Delivered", "deferred": "Transient", "bounced": "Bounced", "failed": "Bounced",
    "opened": "Opened", "clicked": "LinkClicked", "unsubscribed": "SubscriptionChanged",
})  # fmt: skip


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    caller = Depends(user(services))
    privacy = Privacy(services)

    @routes.get("/messages/outbound")
    async def search(
        identity: Annotated[Identity, caller],
        count: Annotated[int, Query(ge=0, le=500)],
        offset: Annotated[int, Query(ge=0, le=SEARCHED - 500)],
        tag: Annotated[str, Query(max_length=1000)] = "",
        messagestream: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        """Return the account's messages, newest first."""
        stream = STREAMS.get(messagestream, messagestream)
        found = [
            event.message
            for _, event in await services.history.messages(identity.tenant, limit=SEARCHED)
            if tag in {"", *event.tags} and stream in {"", event.stream}
            if privacy.told(identity, Kept(event.message, None, [event]))
        ]
        page = [await services.recall.find(identity, number) for number in found[offset : offset + count]]
        return {"TotalCount": len(found), "Messages": [_message(identity, each) for each in page]}

    @routes.get("/messages/outbound/{name}/details")
    async def details(name: str, identity: Annotated[Identity, caller]) -> dict[str, Any]:
        """Return one message with its texts and events."""
        kept = await _find(services, identity, name)
        events = [_event(each) for each in kept.events if each.kind in _TYPES]
        return {**_message(identity, kept), **await _body(services, identity, kept), "MessageEvents": events}

    @routes.get("/messages/outbound/{name}/dump")
    async def dump(name: str, identity: Annotated[Identity, caller]) -> dict[str, str]:
        """Return one message as it goes to its first recipient."""
        kept = await _find(services, identity, name)
        return {"Body": (await _body(services, identity, kept))["Body"]}


async def _find(services: Services, identity: Identity, name: str) -> Kept:
    try:
        kept = await services.recall.find(identity, message_of(name))
    except (ValueError, Wrong):
        raise _absent() from None
    if not Privacy(services).told(identity, kept):
        raise _absent()
    return kept


def _absent() -> Wrong:
    return wrong("no_such_message", "this message was not found", "events are kept for a time")


async def _body(services: Services, identity: Identity, kept: Kept) -> dict[str, Any]:
    """Return what can still be read of a message; nothing is left once its content is no longer kept."""
    try:
        body = await services.recall.body(identity, kept.message)
    except Wrong:
        body = b""
    return await asyncio.to_thread(content, body)


def _message(identity: Identity, kept: Kept) -> dict[str, Any]:
    """Return what is known of a message; the subject of a person's letter is the sender's alone."""
    whole, first = kept.content, kept.events[0] if kept.events else None
    hidden = whole is None or (whole.kind == "personal" and whole.credential != identity.credential)
    source = whole or first
    assert source is not None
    recipients = list(dict.fromkeys(event.recipient for event in kept.events if event.recipient))
    ended = any(event.kind in {"delivered", "sent", "bounced", "failed"} for event in kept.events)
    return {
        "Tag": source.tags[0] if source.tags else "",
        "MessageID": universal(kept.message, 0),
        "MessageStream": _NAMES.get(source.stream, source.stream),
        "To": [{"Email": each, "Name": None} for each in recipients],
        "Cc": [],
        "Bcc": [],
        "Recipients": recipients,
        "ReceivedAt": shapes.moment(whole.accepted if whole else first.at if first else None),
        "From": whole.sender if whole else "",
        "Subject": "" if whole is None or hidden else shapes.subject(whole.subject),
        "Attachments": [],
        "Status": "Sent" if ended else "Queued",
        "TrackOpens": bool(whole and whole.opens_measured),
        "TrackLinks": _links(whole),
        "Metadata": source.metadata,
        "Sandboxed": False,
    }


def _links(whole: Content | None) -> str:
    if whole is None or not whole.clicks_measured:
        return "None"
    return "HtmlAndText" if whole.track_text else "HtmlOnly"


def _event(event: Event) -> dict[str, Any]:
    kind, said = _TYPES[event.kind], event.reply.text if event.reply else event.reason
    if kind in {"Delivered", "Transient"}:
        told = {"DeliveryMessage": said, "DestinationServer": event.site, "DestinationIP": ""}
    elif kind == "Bounced":
        told = {"Summary": said, "BounceID": str(event.id)}
    else:
        told = {"Summary": said}
    return {"Recipient": event.recipient, "Type": kind, "ReceivedAt": shapes.moment(event.at), "Details": told}
