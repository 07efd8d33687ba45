"""``/v1/emails/batch``: many letters in one call, one answer for each."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field, ValidationError, WithJsonSchema

from estafette.model.credential import Identity
from estafette.model.letter import Letter
from estafette.model.placement import Result, Trouble
from estafette.web.api.emails import IdempotencyKey
from estafette.web.api.identity import caller
from estafette.web.api.letters import EmailBody, answer, letter
from estafette.web.api.mail_route import MailRoute
from estafette.web.api.strict import Body
from estafette.web.guard import client_of
from estafette.web.problems import Problem, field_error
from estafette.web.services import Services

MOST_LETTERS = 1_000
#: Errors that a refused batch names one by one.
_TOLD = 100


class BatchBody(Body):
    """Many letters. Each is taken or refused for itself, unless all_or_nothing."""

    emails: Annotated[
        list[Any],
        Field(min_length=1, max_length=MOST_LETTERS),
        WithJsonSchema(
            {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_LETTERS,
                "items": {"$ref": "#/components/schemas/EmailBody"},
            }
        ),
    ]
    all_or_nothing: bool = Field(default=False, description="Take none when one of them is refused")


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/emails", tags=["emails"], route_class=MailRoute)
    sends = Depends(caller(services, "send"))

    @routes.post("/batch", status_code=202)
    async def send(
        batch: BatchBody, request: Request, identity: Annotated[Identity, sends], key: IdempotencyKey = ""
    ) -> dict[str, Any]:
        """Submit up to 1,000 messages; 202 when one at least was taken, with an answer for each in order."""
        read = [_read(index, given) for index, given in enumerate(batch.emails)]
        letters = [each for each in read if isinstance(each, Letter)]
        client = client_of(request) or "127.0.0.1"
        whole = batch.all_or_nothing
        if whole and len(letters) < len(read):
            raise _refused([each for each in read if isinstance(each, Result)])
        posted = iter(await services.posting.post(identity, letters, client=client, key=key, all_or_nothing=whole))
        results = [next(posted) if isinstance(each, Letter) else each for each in read]
        if all(result.trouble is not None for result in results):
            raise _refused(results)
        return {"items": [{"index": index, **answer(result)} for index, result in enumerate(results)]}

    return routes


def _read(index: int, given: Any) -> Letter | Result:
    try:
        return letter(EmailBody.model_validate(given))
    except ValidationError as error:
        first = field_error(error.errors()[0])
        detail = f"{first['field']}: {first['detail']}"
        trouble = Trouble(status=422, code="invalid_request", detail=detail, fix=first["fix"], field=first["field"])
        return Result(index=index, status="refused", trouble=trouble)


def _refused(results: list[Result]) -> Problem:
    """Return the answer when nothing was taken: each letter's trouble by its index."""
    troubles = [(result.index, result.trouble) for result in results if result.trouble is not None]
    told = [
        {
            "index": str(index),
            "field": trouble.field,
            "rule": trouble.code,
            "detail": trouble.detail,
            "fix": trouble.fix,
        }
        for index, trouble in troubles
        if trouble.code != "not_taken"
    ][:_TOLD]
    index, first = next((each for each in troubles if each[1].code != "not_taken"), troubles[0])
    return Problem(
        first.status, first.code, f"nothing was taken; emails.{index}: {first.detail}", first.fix, first.retry_after,
        field=f"emails.{index}.{first.field}".rstrip("."), errors=told,
    )  # fmt: skip
