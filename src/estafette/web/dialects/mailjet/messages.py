"""``/v3/REST/message``, ``messagehistory`` and ``messageinformation``: what became of mail."""

from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.relay.submission.recall import Kept, missing
from estafette.web.dialects.mailjet.campaigns import number_of
from estafette.web.dialects.mailjet.listing import listing
from estafette.web.dialects.mailjet.times import moment
from estafette.web.dialects.mailjet.user import user
from estafette.web.dialects.numbers import universal
from estafette.web.dialects.telling import measured, news
from estafette.web.privacy import Privacy
from estafette.web.services import Services

#: Kinds of events -> Mailjet's words for the state of a message.
_STATES = MappingProxyType({
    "queued": "queued", "deferred": "deferred", "delivered": "sent", "sent": "sent", "bounced": "hardbounced",
    "failed": "softbounced", "rejected": "blocked", "opened": "opened", "clicked": "clicked",
    "complained": "spam", "unsubscribed": "unsub",
})  # fmt: skip
#: Kinds of events -> Mailjet's types of events; the others it does not have.
_TYPES = MappingProxyType({
    "delivered": "sent", "sent": "sent", "bounced": "bounce", "failed": "bounce", "rejected": "blocked",
    "opened": "opened", "clicked": "clicked", "complained": "spam", "unsubscribed": "unsub",
})  # fmt: skip


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    caller = Depends(user(services))
    privacy = Privacy(services)

    async def find(identity: Identity, number: int) -> Kept:
        kept = await services.recall.find(identity, number)
        if not privacy.told(identity, kept):
            raise missing()
        return kept

    @routes.get("/v3/REST/message")
    async def messages(
        identity: Annotated[Identity, caller],
        limit: Annotated[int, Query(alias="Limit", ge=0, le=1000)] = 10,
        offset: Annotated[int, Query(alias="Offset", ge=0, le=10_000)] = 0,
        campaign: Annotated[str, Query(alias="CustomCampaign", max_length=255)] = "",
    ) -> dict[str, Any]:
        """Return the account's messages, newest first."""
        wanted = offset + (limit or 1000)
        found = (await services.history.messages(identity.tenant, limit=wanted, campaign=campaign))[offset:]
        contents = await services.spool.contents([event.message for _, event in found])
        page = [Kept(each.message, contents.get(each.message), [each]) for _, each in found]
        return listing([_message(kept) for kept in page if privacy.told(identity, kept)])

    @routes.get("/v3/REST/message/{number}")
    async def message(number: int, identity: Annotated[Identity, caller]) -> dict[str, Any]:
        """Return one message."""
        return listing([_message(await find(identity, number))])

    @routes.get("/v3/REST/messagehistory/{number}")
    async def history(number: int, identity: Annotated[Identity, caller]) -> dict[str, Any]:
        """Return the events of a message, oldest first."""
        kept = await find(identity, number)
        return listing([_event(each) for each in kept.events if each.kind in _TYPES and news(each.hit)])

    @routes.get("/v3/REST/messageinformation/{number}")
    async def information(number: int, identity: Annotated[Identity, caller]) -> dict[str, Any]:
        """Return the figures of a message."""
        return listing([_information(await find(identity, number))])


def _message(kept: Kept) -> dict[str, Any]:
    told = [event for event in kept.events if news(event.hit)]
    content, last = kept.content, told[-1] if told else None
    return {
        "ID": kept.message,
        "UUID": universal(kept.message, last.number if last else 1),
        "ArrivedAt": _accepted(kept),
        "AttemptCount": last.attempt if last else 0,
        "AttachmentCount": 0,
        "CampaignID": _campaign(kept),
        "ContactAlt": last.recipient if last else "",
        "ContactID": 0,
        "Delay": 0,
        "DestinationID": 0,
        "FilterTime": 0,
        "IsClickTracked": bool(content and content.clicks_measured),
        "IsOpenTracked": bool(content and content.opens_measured),
        "IsHTMLPartIncluded": False,
        "IsTextPartIncluded": False,
        "IsUnsubTracked": False,
        "MessageSize": content.size if content else last.size if last else 0,
        "SenderID": 0,
        "SpamassassinScore": 0,
        "SpamassRules": "",
        "StatePermanent": bool(last and last.kind in {"bounced", "rejected"}),
        "Status": _STATES.get(last.kind, "unknown") if last else "queued",
        "Subject": "",
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "Comment": event.reply.text if event.reply else "",
        "EventAt": int(event.at),
        "EventType": _TYPES[event.kind],
        "State": event.reason,
        "Useragent": event.hit.client if event.hit else "",
        "UseragentID": 0,
    }


def _information(kept: Kept) -> dict[str, Any]:
    kinds = [event.kind for event in kept.events]
    hits = measured(kept.events)
    return {
        "CampaignID": _campaign(kept),
        "ClickTrackedCount": hits.get("clicked.human", 0),
        "ContactID": 0,
        "CreatedAt": _accepted(kept),
        "ID": kept.message,
        "MessageSize": kept.content.size if kept.content else 0,
        "OpenTrackedCount": hits.get("opened.human", 0) + hits.get("opened.proxy", 0),
        "QueuedCount": kinds.count("queued"),
        "SendEndAt": moment(kept.events[-1].at) if kept.events else "",
        "SentCount": kinds.count("delivered") + kinds.count("sent"),
        "SpamAssassinRules": {"ALT": "", "ID": -1},
        "SpamAssassinScore": 0,
    }


def _campaign(kept: Kept) -> int:
    content = kept.content
    return number_of(
        content.campaign if content else next((each.campaign for each in kept.events if each.campaign), "")
    )


def _accepted(kept: Kept) -> str:
    return moment(kept.content.accepted if kept.content else kept.events[0].at)
