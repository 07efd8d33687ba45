"""The log as Brevo's lists read it: events that fit, where their mail comes from, and the numbers of templates."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import msgspec

from estafette.mail import late
from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.model.message import Content
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.store.interface.history import EventFilter
from estafette.web import shapes
from estafette.web.dialects.brevo import identifiers
from estafette.web.services import Services

#: Events that are looked through for one list.
LOOKED = 20_000
_PAGE = 1000


class Origin(msgspec.Struct, frozen=True):
    """Where a mail comes from. apart: each of its recipients has a message, and a Message-ID, of its own."""

    sender: str = ""
    subject: str = ""
    domain: str = ""
    apart: bool = False


async def of_message(services: Services, identity: Identity, message: str, wanted: EventFilter) -> list[Event]:
    """Return the events of a message that fit; none when there is no such message."""
    try:
        number, place = identifiers.read(message)
        events = (await services.recall.find(identity, number)).events
    except Wrong:
        return []
    return [
        each
        for each in events
        if wanted.kind in {"", each.kind}
        and place in {0, each.number}
        and wanted.since <= each.at < wanted.until
        and wanted.recipient.lower() in {"", each.recipient.lower()}
    ]


async def looked(services: Services, wanted: EventFilter) -> list[Event]:
    """Return all that fits, oldest first; Wrong when that is too much."""
    found: list[Event] = []
    cursor = 0
    while True:
        page = await services.history.after(cursor, _PAGE, wanted)
        found.extend(event for _, event in page)
        if len(page) < _PAGE:
            return found
        if len(found) > LOOKED:
            fix = "name fewer days, or an address"
            raise wrong("too_long", f"more than {LOOKED} of them fit", fix, "startDate")
        cursor = page[-1][0]


async def origins(services: Services, messages: Collection[int]) -> dict[int, Origin]:
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


def template_of(event: Event) -> str:
    """Return the name of the template that a message was written from, "" for none."""
    return event.template.rpartition("@")[0]


def name_of(services: Services, tenant: str, number: int) -> str | None:
    """Return the name of the template that has a number, None when there is none."""
    found = services.control.templates.find(tenant, identifiers.template_name(number)) if number > 0 else None
    return found.name if found else None


def template_numbers(services: Services, tenant: str, names: Collection[str]) -> dict[str, dict[str, int]]:
    """Return ``templateId`` for names of templates; nothing for those that are no more."""
    found = {name: services.control.templates.find(tenant, name) for name in names}
    return {
        name: {"templateId": identifiers.template_number(each.name, each.id)} if each else {}
        for name, each in found.items()
    }
