"""Errors as Postmark tells them: ErrorCode and Message, with status 422 unless HTTP has a better one."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from fastapi.responses import JSONResponse

from estafette.model.letter import Letter, Mailbox
from estafette.model.placement import Placed, Trouble
from estafette.web.problems import Problem

INVALID, INCOMPATIBLE, INACTIVE, OFFLINE = 300, 403, 406, 100
#: Rules of ours -> the code that Postmark has for the same.
_CODES = MappingProxyType({
    "unauthenticated": 10,
    "internal_error": OFFLINE,
    "sender_not_allowed": 400,
    "invalid_json": 402,
    "json_invalid": 402,
    "duplicate_key": 402,
    "invalid_request": INCOMPATIBLE,
    "extra_forbidden": INCOMPATIBLE,
    "missing": INCOMPATIBLE,
    "missing_value": INCOMPATIBLE,
    "wrong_type": INCOMPATIBLE,
    "quota": 405,
    "suppressed": INACTIVE,
    "not_json": 409,
    "too_many_messages": 410,
    "tenant_suspended": 413,
    "stream_suspended": 413,
    "unknown_parameter": 700,
    "less_than_equal": 700,
    "greater_than_equal": 700,
    "no_such_message": 701,
    "template_not_found": 1101,
    "template_not_published": 1101,
    "template_missing": 1120,
    "template_and_texts": 1123,
    "stream_not_allowed": 1235,
})  # fmt: skip
#: Statuses that stay as they are.
_KEPT = frozenset({401, 404, 405, 429, 500, 503})
_FIELDS = MappingProxyType({"from": "From", "to": "To", "cc": "Cc", "bcc": "Bcc", "reply_to": "ReplyTo"})


def error(trouble: Trouble, letter: Letter | None = None, places: Iterable[Placed] = ()) -> dict[str, Any]:
    """Return the error of a message. letter: as far as there is one. places: its recipients."""
    code = _code(trouble.code, trouble.status)
    if code == INACTIVE:
        return {"ErrorCode": code, "Message": f"No recipient is left. {inactive(places)}"}
    if trouble.code == "invalid_address" and letter is not None:
        name, _, place = trouble.field.partition(".")
        return {"ErrorCode": INVALID, "Message": _not_an_address(letter, name, int(place or 0))}
    return {"ErrorCode": code, "Message": f"{trouble.detail}; {trouble.fix}" if trouble.fix else trouble.detail}


def inactive(places: Iterable[Placed]) -> str:
    """Name those who do not get a message, in the words in which clients look for them."""
    named = ", ".join(place.address for place in places if place.trouble is not None)
    return f"Found inactive addresses: {named}. Inactive recipients are suppressed, or may not be written to."


def refusal(trouble: Trouble, told: dict[str, Any]) -> JSONResponse:
    """Return the answer to a request for one message, whose error is told."""
    return _answer(told, trouble.status, trouble.retry_after)


def render(problem: Problem) -> JSONResponse:
    """Return an error of a whole request."""
    rule = problem.errors[0]["rule"] if problem.errors else problem.code
    told = f"{problem.detail}; {problem.fix}" if problem.fix else problem.detail
    return _answer({"ErrorCode": _code(rule, problem.status), "Message": told}, problem.status, problem.retry_after)


def _answer(told: dict[str, Any], status: int, retry_after: float | None) -> JSONResponse:
    headers = {"Retry-After": str(int(retry_after) + 1)} if retry_after is not None else None
    return JSONResponse(told, status if status in _KEPT else 422, headers)


def _code(rule: str, status: int) -> int:
    if rule in _CODES:
        return _CODES[rule]
    if status in _KEPT:
        return OFFLINE if status >= 500 else status
    if rule.endswith("_parsing"):
        return 700
    return INCOMPATIBLE if rule.endswith("_type") else INVALID


def _not_an_address(letter: Letter, name: str, place: int) -> str:
    given: tuple[Mailbox, ...] = (letter.sender,) if name == "from" else getattr(letter, name)
    return f"Invalid '{_FIELDS[name]}' address: '{given[place].address[:320]}'."
