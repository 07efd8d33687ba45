"""``/v3/smtp/emails``: what was sent to whom, and each mail as it went."""

import asyncio
from collections.abc import Collection, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query

from estafette.mail import late
from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.model.message import Content
from estafette.relay.submission.recall import missing
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.store.interface.history import EventFilter
from estafette.web import shapes
from estafette.web.dialects.brevo import identifiers
from estafette.web.dialects.brevo.mail import Mail, opened
from estafette.web.dialects.brevo.moments import days, moment
from estafette.web.dialects.brevo.user import user
from estafette.web.dialects.numbers import recipient_of, universal
from estafette.web.privacy import Privacy, Viewer
from estafette.web.services import Services

#: Events that are looked through for one list.
_LOOKED = 20_000
_PAGE = 1000
#: Kinds of events -> Brevo's names of them; the others it does not have.
_NAMES = MappingProxyType({
    "queued": "requests", "deferred": "deferred", "delivered": "delivered", "sent": "delivered",
    "bounced": "hardBounces", "failed": "softBounces", "rejected": "blocked", "opened": "opened", "clicked": "clicks",
    "complained": "spam", "unsubscribed": "unsubscribed",
})  # fmt: skip


class Origin(msgspec.Struct, frozen=True):
    """Where a mail comes from. apart: each of its recipients has a message, and a Message-ID, of its own."""

    sender: str = ""
    subject: str = ""
    domain: str = ""
    apart: bool = False


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
        offset: Annotated[int, Query(ge=0, le=_LOOKED)] = 0,
    ) -> dict[str, Any]:
        """Return what went to whom: by message, address or template, newest first unless asked otherwise."""
        if not email and template is None and not message:
            raise wrong("missing", "is missing", "name email, templateId or messageId", "email")
        since, until = days(start, end, services.clock.now())
        wanted = EventFilter(tenant=identity.tenant, kind="queued", recipient=email, since=since, until=until)
        found = await (_of_message(services, identity, message, wanted) if message else _looked(services, wanted))
        told = seen(identity, found)
        if template is not None:
            name = await asyncio.to_thread(_name_of, services, identity.tenant, template)
            told = [each for each in told if _template(each) == name]
        ordered = told if sort == "asc" else told[::-1]
        page = ordered[offset : offset + limit]
        origins = await _origins(services, {each.message for each in page})
        numbers = await asyncio.to_thread(_numbers, services, identity.tenant, {_template(each) for each in page})
        emails = [_email(each, origins[each.message]) | numbers[_template(each)] for each in page]
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
        numbers = await asyncio.to_thread(_numbers, services, identity.tenant, {_template(events[0])})
        return _detail(events, mail) | numbers[_template(events[0])]


async def _of_message(services: Services, identity: Identity, message: str, wanted: EventFilter) -> list[Event]:
    """Return whom a message was for; nobody when it is none."""
    try:
        number, place = identifiers.read(message)
        events = (await services.recall.find(identity, number)).events
    except Wrong:
        return []
    return [
        each
        for each in events
        if each.kind == "queued"
        and place in {0, each.number}
        and wanted.since <= each.at < wanted.until
        and wanted.recipient.lower() in {"", each.recipient.lower()}
    ]


async def _looked(services: Services, wanted: EventFilter) -> list[Event]:
    """Return all that fits, oldest first; Wrong when that is too much."""
    found: list[Event] = []
    cursor = 0
    while True:
        page = await services.history.after(cursor, _PAGE, wanted)
        found.extend(event for _, event in page)
        if len(page) < _PAGE:
            return found
        if len(found) > _LOOKED:
            fix = "name fewer days, or an address"
            raise wrong("too_long", f"more than {_LOOKED} messages fit", fix, "startDate")
        cursor = page[-1][0]


async def _mail(services: Services, identity: Identity, message: int, number: int) -> Mail:
    """Return the mail to a recipient; an empty one when its content is no longer kept."""
    try:
        octets = await services.recall.body(identity, message, number)
    except Wrong:
        return Mail()
    return await asyncio.to_thread(opened, octets)


async def _origins(services: Services, messages: Collection[int]) -> dict[int, Origin]:
    """Return what is still known of messages; of those that are not kept, nothing but the name of this service."""
    contents = await services.spool.contents(list(messages))
    unknown = Origin(domain=services.settings.service.hostname)
    return {
        message: await _origin(services, contents[message]) if message in contents else unknown for message in messages
    }


async def _origin(services: Services, content: Content) -> Origin:
    apart = False
    if content.late:
        stored = content.body
        if content.file:
            file = await services.spool.open_body(content)
            with file:
                stored = await asyncio.to_thread(file.read)
        apart = bool(late.opened(stored).people)
    return Origin(content.sender, shapes.subject(content.subject), content.sender.rpartition("@")[2], apart)


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


def _template(event: Event) -> str:
    """Return the name of the template that a message was written from, "" for none."""
    return event.template.rpartition("@")[0]


def _name_of(services: Services, tenant: str, number: int) -> str | None:
    found = services.control.templates.find(tenant, identifiers.template_name(number)) if number > 0 else None
    return found.name if found else None


def _numbers(services: Services, tenant: str, names: Collection[str]) -> dict[str, dict[str, int]]:
    """Return ``templateId`` for names of templates; nothing for those that are no more."""
    found = {name: services.control.templates.find(tenant, name) for name in names}
    return {
        name: {"templateId": identifiers.template_number(each.name, each.id)} if each else {}
        for name, each in found.items()
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
