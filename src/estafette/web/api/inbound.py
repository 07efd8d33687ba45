"""``/v1/inbound``: mail that came in by the routes of a tenant's domains, as it was sent and taken apart.

All of it is a stranger's: texts are JSON strings, and octets leave as files that no browser opens by itself.
"""

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from estafette.base import ids
from estafette.mail.incoming import attachment, incoming
from estafette.model.message import Content
from estafette.model.webhook import Call, CallState
from estafette.relay.inbox import Inbox, Kept
from estafette.store.interface.history import EventFilter
from estafette.store.interface.page import BadCursor, Page, cursor
from estafette.tenancy.office import NotFound
from estafette.web import inbound_mail
from estafette.web.api.actor import Caller, May
from estafette.web.api.paging import Listed, page
from estafette.web.services import Services

_FILE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}
_OCTETS = "application/octet-stream"
#: Addresses of one message whose calls are looked up.
_CALLS = 20


class ArrivalResource(BaseModel):
    """One address that a message came to. reason: what was done with it. kept: there is more to read of it.

    sender: of the envelope. source: address of the client.
    """

    id: str
    at: str | None
    recipient: str
    route: str
    reason: str
    source: str
    size: int
    sender: str
    subject: str
    kept: bool


class RouteCallResource(BaseModel):
    """The call of a route's address. why: what went wrong at the last attempt, "" for nothing."""

    id: str
    state: CallState
    attempts: int
    next: str | None
    status: int | None
    why: str


class RecipientResource(BaseModel):
    """One of our addresses, and what was done with its copy.

    call: of the route's address, null when it was not made yet, or is logged no longer.
    """

    recipient: str
    reason: str
    call: RouteCallResource | None


class HeaderResource(BaseModel):
    """A field, decoded, on one line."""

    name: str
    value: str


class FileResource(BaseModel):
    """An attachment. type: as the sender says. size: octets. cid: how the HTML names it. url: where it is."""

    number: int
    name: str
    type: str
    size: int
    cid: str
    url: str


class MailResource(BaseModel):
    """What a message says; every word is its sender's.

    authentication: our own verdicts of ``spf``, ``dkim``, ``dmarc``; empty when nothing was checked. opaque: it has
    more parts than are looked at. truncated: some of it is told in part; ``raw`` is the whole.
    """

    sender: str = Field(alias="from")
    to: str
    cc: str
    reply_to: str
    subject: str
    date: str
    message_id: str
    text: str
    html: str
    headers: list[HeaderResource]
    attachments: list[FileResource]
    authentication: dict[str, str]
    spam: bool
    opaque: bool
    truncated: bool


class InboundResource(BaseModel):
    """A message that came in. mail, raw: null when it is not kept, or was handed to your own server."""

    id: str
    at: str | None
    sender: str
    source: str
    route: str
    size: int
    recipients: list[RecipientResource]
    mail: MailResource | None
    raw: str | None


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/inbound", tags=["inbound"])
    reader = May(services, "inbound", tenant_needed=True)

    @routes.get("")
    async def list_inbound(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        recipient: Annotated[str, Query(max_length=320)] = "",
        route: Annotated[str, Query(max_length=64)] = "",
        since: Annotated[AwareDatetime | None, Query(description="RFC 3339")] = None,
        until: Annotated[AwareDatetime | None, Query(description="The first moment that is left out")] = None,
    ) -> Listed[ArrivalResource]:
        """Return what came in, newest first; a page may be short, or empty, while ``next`` leads on."""
        selection = EventFilter(
            tenant=caller.tenant, recipient=recipient, route=route, since=since.timestamp() if since else 0.0,
            until=until.timestamp() if until else 0.0,
        )  # fmt: skip
        found = await _inbox(services).page(selection, before=_before(wanted), limit=wanted.limit)
        return Listed[ArrivalResource].model_validate(
            {
                "items": [inbound_mail.listed(each) for each in found.items],
                "next": cursor([str(found.next)]) if found.next else None,
            }
        )

    @routes.get("/{inbound}")
    async def show_inbound(inbound: str, caller: Annotated[Caller, Depends(reader)]) -> InboundResource:
        """Return a message taken apart."""
        kept = await _found(_inbox(services), caller.tenant, inbound)
        content = kept.content
        mail = None
        if content is not None and not content.handed:
            mail = await asyncio.to_thread(incoming, await _inbox(services).body(content))
        settings = services.settings.service
        told = inbound_mail.shown(
            kept, mail, api_url=settings.api_url, hostname=settings.hostname,
            calls=await asyncio.to_thread(_calls, services, kept),
        )  # fmt: skip
        return InboundResource.model_validate(told)

    @routes.get(
        "/{inbound}/raw",
        response_class=Response,
        responses={200: {"content": {"message/rfc822": {"schema": {"type": "string"}}}}},
    )
    async def raw_inbound(inbound: str, caller: Annotated[Caller, Depends(reader)]) -> Response:
        """Return the message as it was sent, our own fields in front."""
        content = _whole(await _found(_inbox(services), caller.tenant, inbound))
        body = await _inbox(services).body(content)
        return Response(body, media_type="message/rfc822", headers=_headers(f"{ids.show(content.id)}.eml"))

    @routes.get(
        "/{inbound}/attachments/{number}",
        response_class=Response,
        responses={200: {"content": {_OCTETS: {"schema": {"type": "string", "format": "binary"}}}}},
    )
    async def attachment_of_inbound(inbound: str, number: int, caller: Annotated[Caller, Depends(reader)]) -> Response:
        """Return an attachment, decoded, as octets of no type: what its sender calls it is in the message."""
        body = await _inbox(services).body(_whole(await _found(_inbox(services), caller.tenant, inbound)))
        found = await asyncio.to_thread(attachment, body, number)
        if found is None:
            raise NotFound(f"there is no attachment {number}", place="number", fix="see attachments of the message")
        return Response(found[1], media_type=_OCTETS, headers=_headers(found[0].name))

    return routes


def _inbox(services: Services) -> Inbox:
    return Inbox(services.spool, services.history)


def _calls(services: Services, kept: Kept) -> dict[int, Call]:
    hooks = services.control.webhooks
    found = {each.id: hooks.call(each.route, f"evt_{ids.show(each.id)}") for each in kept.events[:_CALLS]}
    return {number: call for number, call in found.items() if call is not None}


def _before(wanted: Page) -> int:
    key = wanted.key(str)
    text = str(key[0]) if key else "0"
    if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) >> 63:
        raise BadCursor("after is no cursor of this list; give next of the page before")
    return int(text)


async def _found(inbox: Inbox, tenant: str, text: str) -> Kept:
    try:
        kept = await inbox.find(tenant, ids.read(text.partition(".")[0]))
    except ValueError:
        kept = None
    if kept is None:
        raise NotFound(f"no message {text[:64]!r} came in", place="inbound", fix="see GET /v1/inbound")
    return kept


def _whole(kept: Kept) -> Content:
    if kept.content is None or kept.content.handed:
        raise NotFound(
            "the message is not kept here", place="inbound", fix="it went to your server, or its time is over"
        )
    return kept.content


def _headers(name: str) -> dict[str, str]:
    return {**_FILE, "Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}"}
