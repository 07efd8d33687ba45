"""What every dialect does with the letters that it understood, and with those that it did not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from estafette.model.credential import Identity
from estafette.model.letter import Letter
from estafette.model.placement import Result, Trouble
from estafette.relay.submission.wrong import Wrong
from estafette.web.guard import client_of
from estafette.web.problems import field_error
from estafette.web.services import Services

B = TypeVar("B", bound=BaseModel)


def read(form: type[B], value: Any) -> B:
    """Return an item of a request in its form; Wrong 422 names the first field that is wrong, and its rule."""
    try:
        return form.model_validate(value)
    except ValidationError as error:
        told = field_error(error.errors()[0])
        detail = f"{told['field']}: {told['detail']}"
        trouble = Trouble(status=422, code=told["rule"], detail=detail, fix=told["fix"], field=told["field"])
        raise Wrong(trouble) from None


def refused(field: str, what: str, fix: str = "leave it out") -> Wrong:
    """Return the refusal of something that a dialect has and we lack; it is never silently dropped."""
    return Wrong(Trouble(status=422, code="not_supported", detail=f"{field}: {what}", fix=fix, field=field))


async def post(
    services: Services,
    request: Request,
    identity: Identity,
    asked: Sequence[Letter | Trouble],
    *,
    key: str = "",
    all_or_nothing: bool = False,
) -> list[Result]:
    """Post what was understood, one result for each item in order; what was not is refused in its place.

    key, all_or_nothing: as of ``Posting.post``.
    """
    places = [index for index, item in enumerate(asked) if isinstance(item, Letter)]
    told = [Result(index=index, status="refused", trouble=_trouble(item)) for index, item in enumerate(asked)]
    if not places or (all_or_nothing and len(places) < len(asked)):
        return told
    letters = [item for item in asked if isinstance(item, Letter)]
    client = client_of(request) or "127.0.0.1"
    results = await services.posting.post(identity, letters, client=client, key=key, all_or_nothing=all_or_nothing)
    for place, result in zip(places, results, strict=True):
        told[place] = msgspec.structs.replace(result, index=place)
    return told


def _trouble(item: Letter | Trouble) -> Trouble:
    if isinstance(item, Trouble):
        return item
    return Trouble(status=422, code="not_taken", detail="something else in the request is refused")
