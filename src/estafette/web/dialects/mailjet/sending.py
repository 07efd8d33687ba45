"""``/v3.1/send``: messages, each taken or refused for itself."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from estafette.model.address import parse_path
from estafette.model.credential import Identity
from estafette.model.letter import Letter, Mailbox
from estafette.model.placement import Placed, Result, Trouble
from estafette.relay.submission.wrong import Wrong
from estafette.web.api.strict import Body
from estafette.web.dialects import translation
from estafette.web.dialects.mailjet.errors import error
from estafette.web.dialects.mailjet.form import Message, merged
from estafette.web.dialects.mailjet.user import user
from estafette.web.dialects.numbers import universal
from estafette.web.services import Services

MOST_MESSAGES = 1000


class Sending(Body):
    """A request. Every message is looked at for itself, so that a wrong one does not take the others with it."""

    Messages: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_MESSAGES)
    Globals: dict[str, Any] = Field(default={})
    SandboxMode: bool = False
    AdvanceErrorHandling: bool = False


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""

    @routes.post("/v3.1/send")
    async def send(
        sending: Sending, request: Request, identity: Annotated[Identity, Depends(user(services))]
    ) -> JSONResponse:
        """Submit messages; 200 once one of them is taken and safe on disk."""
        asked = [_letter({**each}, sending) for each in sending.Messages]
        results = await translation.post(services, request, identity, asked)
        told = [_told(item, result, request) for item, result in zip(asked, results, strict=True)]
        errors = [each["Errors"][0]["StatusCode"] for each in told if each["Status"] == "error"]
        return JSONResponse({"Messages": told}, 200 if len(errors) < len(told) else errors[0])


def _letter(given: dict[str, Any], sending: Sending) -> Letter | Trouble:
    try:
        return translation.read(Message, merged(given, sending.Globals)).letter(sandbox=sending.SandboxMode)
    except Wrong as refusal:
        return refusal.trouble


def _told(item: Letter | Trouble, result: Result, request: Request) -> dict[str, Any]:
    """Return the answer for one message."""
    if isinstance(item, Trouble) or result.trouble is not None:
        trouble = item if isinstance(item, Trouble) else result.trouble
        assert trouble is not None
        return {"Status": "error", "Errors": [error(trouble)]}
    placed = {place.address: place for place in result.recipients}
    told: dict[str, Any] = {"Status": "success", "CustomID": item.metadata.get("CustomID", "")}
    for name, mailboxes in (("To", item.to), ("Cc", item.cc), ("Bcc", item.bcc)):
        told[name] = list(_recipients(mailboxes, placed, result.id, request))
    refused = [error(place.trouble) for place in result.recipients if place.trouble is not None]
    return {**told, "Errors": refused} if refused else told


def _recipients(
    mailboxes: Sequence[Mailbox], placed: dict[str, Placed], message: int, request: Request
) -> Iterator[dict[str, Any]]:
    """Yield those who get it, each once, under the address that was given."""
    for mailbox in mailboxes:
        place = placed.pop(parse_path(mailbox.address, smtputf8=True).text, None)
        if place is not None and place.trouble is None:
            yield {"Email": mailbox.address, **numbers(message, place.number, request)}


def numbers(message: int, number: int, request: Request) -> dict[str, Any]:
    """Return what a recipient's message is called; of a message in the sandbox there is no number."""
    return {
        "MessageUUID": universal(message, number) if message else "",
        "MessageID": message,
        "MessageHref": f"{str(request.base_url).rstrip('/')}/v3/REST/message/{message}",
    }
