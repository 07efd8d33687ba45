"""``/email`` and its three sisters: one message or up to 500, with texts or with a template."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from estafette.model.credential import Identity
from estafette.model.letter import Letter
from estafette.model.placement import Result, Trouble
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.web.dialects import translation
from estafette.web.dialects.numbers import universal
from estafette.web.dialects.postmark.errors import error, inactive, refusal
from estafette.web.dialects.postmark.form import Message, Plain, Templated
from estafette.web.dialects.postmark.user import user
from estafette.web.services import Services

MOST_MESSAGES = 500


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes; some clients write a slash behind those of templates."""
    caller = Depends(user(services))

    @routes.post("/email")
    async def plain(given: dict[str, Any], request: Request, identity: Annotated[Identity, caller]) -> JSONResponse:
        """Submit a message; 200 once it is taken and safe on disk."""
        return await _one(services, request, identity, (Plain, given))

    @routes.post("/email/withTemplate/")
    @routes.post("/email/withTemplate")
    async def templated(given: dict[str, Any], request: Request, identity: Annotated[Identity, caller]) -> JSONResponse:
        """Submit a message whose texts are a template's."""
        return await _one(services, request, identity, (Templated, given))

    @routes.post("/email/batch")
    async def many(given: list[Any], request: Request, identity: Annotated[Identity, caller]) -> list[dict[str, Any]]:
        """Submit messages, each taken or refused for itself."""
        return await _all(services, request, identity, Plain, given)

    @routes.post("/email/batchWithTemplates/")
    @routes.post("/email/batchWithTemplates")
    async def many_templated(
        given: dict[str, list[Any]], request: Request, identity: Annotated[Identity, caller]
    ) -> list[dict[str, Any]]:
        """Submit messages whose texts are templates'."""
        if set(given) != {"Messages"}:
            raise wrong("missing", "Messages, and nothing beside it, is expected", 'send {"Messages": [...]}')
        return await _all(services, request, identity, Templated, given["Messages"])


Asked = tuple[type[Message], Any]


async def _one(services: Services, request: Request, identity: Identity, asked: Asked) -> JSONResponse:
    letter = _letter(*asked)
    (result,) = await translation.post(services, request, identity, [letter])
    told = _told(letter, result, asked[1])
    return JSONResponse(told) if result.trouble is None else refusal(result.trouble, told)


async def _all(
    services: Services, request: Request, identity: Identity, form: type[Message], given: Sequence[Any]
) -> list[dict[str, Any]]:
    if len(given) > MOST_MESSAGES:
        raise wrong("too_many_messages", f"at most {MOST_MESSAGES} messages at once", "send several requests")
    letters = [_letter(form, each) for each in given]
    results = await translation.post(services, request, identity, letters)
    return [_told(letter, result, each) for letter, result, each in zip(letters, results, given, strict=True)]


def _letter(form: type[Message], given: Any) -> Letter | Trouble:
    try:
        return translation.read(form, given).letter()
    except Wrong as wrong_one:
        return wrong_one.trouble


def _told(letter: Letter | Trouble, result: Result, given: Any) -> dict[str, Any]:
    """Return the answer for one message."""
    if result.trouble is not None:
        return error(result.trouble, letter if isinstance(letter, Letter) else None, result.recipients)
    told = {"To": given["To"]} if given.get("To") else {}
    some = any(place.trouble is not None for place in result.recipients)
    return {
        **told,
        "SubmittedAt": datetime.now(UTC).isoformat(),
        "MessageID": universal(result.id, 0),
        "ErrorCode": 0,
        "Message": f"Message OK, but not for everybody. {inactive(result.recipients)}" if some else "OK",
    }
