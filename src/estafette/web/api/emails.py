"""``/v1/emails``: submit a message, follow it, call it back, send it again."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import Field

from estafette.base import ids
from estafette.model.credential import Identity
from estafette.model.letter import Letter
from estafette.relay.submission.recall import Kept, missing
from estafette.store.interface.page import BadCursor, Page
from estafette.web import shapes
from estafette.web.api.identity import caller
from estafette.web.api.letters import EmailBody, Line, Moment, RawBody, answer, letter, raw_letter
from estafette.web.api.mail_route import MailRoute
from estafette.web.api.paging import page
from estafette.web.api.strict import Body
from estafette.web.guard import client_of
from estafette.web.privacy import Privacy, Viewer, hidden
from estafette.web.problems import of_trouble
from estafette.web.services import Services

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        description="The same key with the same request is answered again, and sent once, for 24 hours",
    ),
]


def message_id(email: str) -> int:
    """Return the message that the path names; one that cannot be is not found."""
    try:
        return ids.read(email)
    except ValueError:
        raise missing() from None


Id = Annotated[int, Depends(message_id)]


class TimeBody(Body):
    """Another time for a message that waits."""

    scheduled_at: Moment


class AgainBody(Body):
    """To whom a message goes again; nobody named = to all."""

    to: list[Line] = Field(default=[], max_length=1000)


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/emails", tags=["emails"], route_class=MailRoute)
    _sending(routes, services)
    _reading(routes, services)
    _changing(routes, services)
    return routes


def _sending(routes: APIRouter, services: Services) -> None:
    sends = Depends(caller(services, "send"))

    @routes.post("", status_code=202)
    async def send(
        email: EmailBody, request: Request, identity: Annotated[Identity, sends], key: IdempotencyKey = ""
    ) -> dict[str, Any]:
        """Submit a message in fields; 202 means that it is safe on disk."""
        return await submit(services, identity, letter(email), request, key)

    @routes.post(
        "/raw",
        status_code=202,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": RawBody.model_json_schema()},
                    "message/rfc822": {"schema": {"type": "string"}},
                },
            }
        },
    )
    async def send_raw(
        request: Request,
        identity: Annotated[Identity, sends],
        from_: Annotated[str, Query(alias="from", max_length=1400)] = "",
        to: Annotated[list[str] | None, Query(max_length=1000)] = None,
        key: IdempotencyKey = "",
    ) -> dict[str, Any]:
        """Submit a whole message: ``message/rfc822`` with ``?from=&to=``, or JSON ``{from, to, raw}``, base64."""
        return await submit(services, identity, await raw_letter(request, from_, to or []), request, key)


def _reading(routes: APIRouter, services: Services) -> None:
    reads = Depends(caller(services))
    privacy = Privacy(services)

    def told(identity: Identity, kept: Kept) -> dict[str, Any]:
        sender = kept.content.credential if kept.content else kept.events[0].credential
        stream = kept.content.stream if kept.content else kept.events[0].stream
        form = _told(identity, kept)
        seen = privacy.sees(Viewer(identity.tenant, identity.credential), stream, sender)
        return form if seen else hidden(form)

    @routes.get("")
    async def emails(
        identity: Annotated[Identity, reads],
        wanted: Annotated[Page, Depends(page)],
        campaign: Annotated[str, Query(max_length=255)] = "",
    ) -> dict[str, Any]:
        """Return the tenant's messages, newest first."""
        found = await services.history.messages(
            identity.tenant, before=_position(wanted.after), limit=wanted.limit, campaign=campaign
        )
        following = str(found[-1][0]) if len(found) == wanted.limit else None
        contents = await services.spool.contents([event.message for _, event in found])
        items = [told(identity, Kept(event.message, contents.get(event.message), [event])) for _, event in found]
        return {"items": items, "next": following}

    @routes.get("/{email}")
    async def timeline(email: Id, identity: Annotated[Identity, reads]) -> dict[str, Any]:
        """Return a message and every event of it, oldest first."""
        kept = await services.recall.find(identity, email)
        events = await privacy.events(Viewer(identity.tenant, identity.credential), kept.events)
        return {**told(identity, kept), "events": events}

    @routes.get(
        "/{email}/content",
        response_class=Response,
        responses={200: {"content": {"message/rfc822": {"schema": {"type": "string"}}}}},
    )
    async def content(
        email: Id, identity: Annotated[Identity, reads], number: Annotated[int, Query(ge=1, le=1_000_000)] = 1
    ) -> Response:
        """Return the message to one of its recipients, while its content is kept; a person's, to its sender only."""
        return Response(await services.recall.body(identity, email, number), media_type="message/rfc822")


def _changing(routes: APIRouter, services: Services) -> None:
    sends = Depends(caller(services, "send"))

    @routes.post("/{email}/cancel", status_code=202)
    async def cancel(email: Id, identity: Annotated[Identity, sends]) -> dict[str, Any]:
        """Call back what still waits of a message; recipients that are being tried right now may still get it."""
        waiting = await services.recall.cancel(identity, email)
        return {"id": ids.show(email), "status": "cancelling", "recipients": waiting}

    @routes.patch("/{email}")
    async def reschedule(email: Id, change: TimeBody, identity: Annotated[Identity, sends]) -> dict[str, Any]:
        """Give a message that waits another time."""
        due = change.scheduled_at.timestamp()
        moved = await services.recall.reschedule(identity, email, due)
        return {"id": ids.show(email), "scheduled_at": shapes.moment(due), "recipients": moved}

    @routes.post("/{email}/resend", status_code=202)
    async def resend(
        email: Id,
        again: AgainBody,
        request: Request,
        identity: Annotated[Identity, sends],
        key: IdempotencyKey = "",
    ) -> dict[str, Any]:
        """Send a kept message again, as a new one."""
        client = client_of(request) or "127.0.0.1"
        result = await services.recall.resend(identity, email, again.to, client, key=key)
        if result.trouble is not None:
            raise of_trouble(result.trouble)
        return answer(result)


async def submit(services: Services, identity: Identity, one: Letter, request: Request, key: str) -> dict[str, Any]:
    """Post one letter; return the resource that 202 shows. Problem when it is refused."""
    client = client_of(request) or "127.0.0.1"
    result = (await services.posting.post(identity, [one], client=client, key=key))[0]
    if result.trouble is not None:
        raise of_trouble(result.trouble)
    return answer(result)


def _position(after: str) -> int:
    if not after:
        return 0
    if not after.isdigit() or len(after) > 18:
        raise BadCursor(after)
    return int(after)


def _told(identity: Identity, kept: Kept) -> dict[str, Any]:
    """Return what is known of a message; the subject of a person's letter is the sender's alone."""
    content = kept.content
    if content is None or content.tenant != identity.tenant:
        return _from_events(kept)
    told = shapes.content(content)
    if content.kind == "personal" and content.credential != identity.credential:
        told.pop("subject")
    return told


def _from_events(kept: Kept) -> dict[str, Any]:
    first = kept.events[0]
    return {
        "id": ids.show(kept.message),
        "tenant": first.tenant,
        "stream": first.stream,
        "accepted": shapes.moment(first.at),
        "campaign": first.campaign,
        "credential": first.credential,
        "tags": list(first.tags),
        "metadata": first.metadata,
        "template": first.template,
        "topic": first.topic,
    }
