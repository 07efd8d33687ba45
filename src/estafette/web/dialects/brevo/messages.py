"""``/v3/smtp/emails``: what was sent to whom, and each mail as it went."""

import asyncio
from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.relay.submission.recall import missing
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.store.interface.history import EventFilter
from estafette.web.dialects.brevo import identifiers
from estafette.web.dialects.brevo.log import (
    LOOKED,
    Origin,
    looked,
    name_of,
    of_message,
    origins,
    template_numbers,
    template_of,
)
from estafette.web.dialects.brevo.mail import Mail, opened
from estafette.web.dialects.brevo.moments import days, moment
from estafette.web.dialects.brevo.user import user
from estafette.web.dialects.numbers import recipient_of, universal
from estafette.web.privacy import Privacy, Viewer
from estafette.web.services import Services

#: Kinds of events -> Brevo's names of them; the others it does not have.
_NAMES = MappingProxyType({
    "queued": "requests", "deferred": "deferred", "delivered": "delivered", "sent": "delivered",
    "bounced": "hardBounces", "failed": "softBounces", "rejected": "blocked", "opened": "opened", "clicked": "clicks",
    "complained": "spam", "unsubscribed": "unsubscribed",
})  # fmt: skip


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    caller = Depends(user(services))
    privacy = Privacy(services)

    def seen(identity: Identity, events: Sequence[Event]) -> list[Event]:
        viewer = Viewer(identity.tenant, identity.credential)
        return [each for each in events if privacy.sees(viewer, each.stream, each.credential)]

    @routes.get("/v3/smtp/emails")
    async def emails(
        identity: Annotated[Identity, caller],
        email: Annotated[str, Query(max_length=320)] = "",
        template: Annotated[int | None, Query(alias="templateId")] = None,
        message: Annotated[str, Query(alias="messageId", max_length=320)] = "",
        start: Annotated[str, Query(alias="startDate", max_length=10)] = "",
        end: Annotated[str, Query(alias="endDate", max_length=10)] = "",
        sort: Annotated[Literal["asc", "desc"], Query()] = "desc",
        limit: Annotated[int, Query(ge=1, le=1000)] = 500,
        offset: Annotated[int, Query(ge=0, le=LOOKED)] = 0,
    ) -> dict[str, Any]:
        """Return what went to whom: by message, address or template, newest first unless asked otherwise."""
        if not email and template is None and not message:
            raise wrong("missing", "is missing", "name email, templateId or messageId", "email")
        since, until = days(start, end, services.clock.now())
        wanted = EventFilter(tenant=identity.tenant, kind="queued", recipient=email, since=since, until=until)
        found = await (of_message(services, identity, message, wanted) if message else looked(services, wanted))
        told = seen(identity, found)
        if template is not None:
            name = await asyncio.to_thread(name_of, services, identity.tenant, template)
            told = [each for each in told if template_of(each) == name]
        ordered = told if sort == "asc" else told[::-1]
        page = ordered[offset : offset + limit]
        known = await origins(services, {each.message for each in page})
        numbers = await asyncio.to_thread(
            template_numbers, services, identity.tenant, {template_of(each) for each in page}
        )
        emails = [_email(each, known[each.message]) | numbers[template_of(each)] for each in page]
        return {"count": len(told), "transactionalEmails": emails}

    @routes.get("/v3/smtp/emails/{name}")
    async def content(name: str, identity: Annotated[Identity, caller]) -> dict[str, Any]:
        """Return the mail that one recipient got, with what became of it."""
        try:
            message, number = recipient_of(name)
        except ValueError:
            raise missing() from None
        kept = await services.recall.find(identity, message)
        events = [each for each in seen(identity, kept.events) if each.number == number]
        if not events:
            raise missing()
        mail = await _mail(services, identity, message, number)
        numbers = await asyncio.to_thread(template_numbers, services, identity.tenant, {template_of(events[0])})
        return _detail(events, mail) | numbers[template_of(events[0])]


async def _mail(services: Services, identity: Identity, message: int, number: int) -> Mail:
    """Return the mail to a recipient; an empty one when its content is no longer kept."""
    try:
        octets = await services.recall.body(identity, message, number)
    except Wrong:
        return Mail()
    return await asyncio.to_thread(opened, octets)


def _email(event: Event, origin: Origin) -> dict[str, Any]:
    return {
        "email": event.recipient,
        "subject": origin.subject,
        "messageId": identifiers.shown(event.message, origin.domain, event.number if origin.apart else 0),
        "uuid": universal(event.message, event.number),
        "date": moment(event.at),
        "from": origin.sender,
        "tags": list(event.tags),
    }


def _detail(events: Sequence[Event], mail: Mail) -> dict[str, Any]:
    first = events[0]
    return {
        "email": first.recipient,
        "subject": mail.subject,
        "date": moment(first.at),
        "events": [{"name": _NAMES[each.kind], "time": moment(each.at)} for each in events if each.kind in _NAMES],
        "body": mail.body,
        "attachmentCount": mail.attachments,
    }
