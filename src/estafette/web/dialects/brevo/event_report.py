"""``/v3/smtp/statistics/events``: the log, in Brevo's words; what proxies load is told apart from people."""

import asyncio
import json
from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.relay.submission.wrong import wrong
from estafette.reporting.bounces import bounce_class
from estafette.store.interface.history import EventFilter
from estafette.web.dialects.brevo import identifiers, log
from estafette.web.dialects.brevo.moments import moment, span
from estafette.web.dialects.brevo.statistics import Days, named_days
from estafette.web.dialects.brevo.user import user
from estafette.web.dialects.telling import news
from estafette.web.privacy import Privacy, Viewer
from estafette.web.services import Services

_USUAL, _MOST = 30, 90
_LIMIT, _LONGEST = 2_500, 5_000
#: Kinds of events -> Brevo's names of them; bounces and opens are told apart further.
_NAMES = MappingProxyType({
    "queued": "requests", "deferred": "deferred", "delivered": "delivered", "sent": "delivered",
    "bounced": "hardBounces", "failed": "softBounces", "rejected": "blocked", "opened": "opened", "clicked": "clicks",
    "complained": "spam", "unsubscribed": "unsubscribed",
})  # fmt: skip
#: What may be asked for; of ``invalid`` and ``error`` there are never any.
Name = Literal[
    "", "bounces", "hardBounces", "softBounces", "delivered", "spam", "requests", "opened", "clicks", "invalid",
    "deferred", "blocked", "unsubscribed", "error", "loadedByProxy",
]  # fmt: skip
_BOUNCES = frozenset({"hardBounces", "softBounces"})
#: Names that one kind of events alone has, so that the log is asked for it.
_KINDS = MappingProxyType({
    "requests": "queued", "deferred": "deferred", "blocked": "rejected", "opened": "opened", "loadedByProxy": "opened",
    "clicks": "clicked", "spam": "complained", "unsubscribed": "unsubscribed", "hardBounces": "bounced",
})  # fmt: skip


def add(routes: APIRouter, services: Services) -> None:
    """Add the route."""
    caller = Depends(user(services))
    privacy = Privacy(services)

    @routes.get("/v3/smtp/statistics/events")
    async def events(
        identity: Annotated[Identity, caller],
        days: Annotated[Days, Depends(named_days)],
        email: Annotated[str, Query(max_length=320)] = "",
        event: Annotated[Name, Query()] = "",
        tags: Annotated[str, Query(max_length=2_000)] = "",
        message: Annotated[str, Query(alias="messageId", max_length=320)] = "",
        template: Annotated[int | None, Query(alias="templateId")] = None,
        sort: Annotated[Literal["asc", "desc"], Query()] = "desc",
        limit: Annotated[int, Query(ge=1, le=_LONGEST)] = _LIMIT,
        offset: Annotated[int, Query(ge=0, le=log.LOOKED)] = 0,
    ) -> dict[str, Any]:
        """Return events, the newest first unless asked otherwise."""
        since, until = span(days.start, days.end, days.count, services.clock.now(), usual=_USUAL, most=_MOST)
        wanted = EventFilter(
            tenant=identity.tenant, kind=_KINDS.get(event, ""), recipient=email, since=since, until=until
        )  # fmt: skip
        looked = await (
            log.of_message(services, identity, message, wanted) if message else log.looked(services, wanted)
        )
        name = await asyncio.to_thread(log.name_of, services, identity.tenant, template) if template else None
        labels = _tags(tags)
        viewer = Viewer(identity.tenant, identity.credential)
        found = [
            each
            for each in looked
            if privacy.sees(viewer, each.stream, each.credential)
            and _fits(each, event)
            and (not labels or set(labels) & set(each.tags))
            and (template is None or (name is not None and log.template_of(each) == name))
        ]
        page = (found if sort == "asc" else found[::-1])[offset : offset + limit]
        return {"events": await _told(services, identity, page)}


def called(event: Event) -> str:
    """Return Brevo's name of an event, "" for what it has no word for: scanners, corrections, mail to nobody named."""
    if not event.message:
        return ""
    if event.kind == "bounced":
        return "softBounces" if bounce_class(event) == "soft" else "hardBounces"
    hit = event.hit
    if event.kind == "opened" and hit is not None and not hit.was and hit.agent in {"proxy_prefetch", "image_proxy"}:
        return "loadedByProxy"
    return _NAMES.get(event.kind, "") if news(hit) else ""


def _fits(event: Event, name: Name) -> bool:
    own = called(event)
    return bool(own) and (not name or own == name or (name == "bounces" and own in _BOUNCES))


def _tags(text: str) -> Sequence[str]:
    """Return the tags of a serialised array; one that is none is a tag itself."""
    if not text:
        return ()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return (text,)
    if isinstance(found, list) and all(isinstance(each, str) for each in found):
        return found
    raise wrong("invalid_value", "is no array of texts", 'write ["a","b"]', "tags")


async def _told(services: Services, identity: Identity, page: Sequence[Event]) -> list[dict[str, Any]]:
    origins = await log.origins(services, {each.message for each in page})
    names = {log.template_of(each) for each in page}
    numbers = await asyncio.to_thread(log.template_numbers, services, identity.tenant, names)
    return [_event(each, origins[each.message]) | numbers[log.template_of(each)] for each in page]


def _event(event: Event, origin: log.Origin) -> dict[str, Any]:
    told: dict[str, Any] = {
        "email": event.recipient,
        "date": moment(event.at),
        "subject": origin.subject,
        "messageId": identifiers.shown(event.message, origin.domain, event.number if origin.apart else 0),
        "event": called(event),
        "from": origin.sender,
    }
    if event.tags:
        told["tag"] = event.tags[0]
    if event.kind in {"bounced", "failed", "deferred", "rejected"}:
        reply = event.reply
        told["reason"] = f"{reply.code} {reply.enhanced} {reply.text}".strip() if reply else event.reason
    if event.hit is not None and event.hit.url:
        told["link"] = event.hit.url
    return told
