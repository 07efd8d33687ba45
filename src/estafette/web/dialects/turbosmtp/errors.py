"""Errors as turboSMTP tells them: a list of texts, or one; and a form of its own for whoever is not let in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fastapi.responses import JSONResponse

from estafette.web.problems import Problem

NO_SENDER = "missing or not valid sender email (from)"
NO_RECIPIENTS = "missing recipients (to)"
NO_MIME = "Invalid Mime"
#: Rules of ours, with or without a field -> the text that turboSMTP has for the same.
_TEXTS = MappingProxyType({
    "missing from": NO_SENDER,
    "missing to": NO_RECIPIENTS,
    "no_recipient to": NO_RECIPIENTS,
    "invalid_mime": NO_MIME,
    "from_missing": NO_MIME,
    "from_repeated": NO_MIME,
    "from_malformed": NO_MIME,
    "sender_repeated": NO_MIME,
    "sender_malformed": NO_MIME,
    "quota": "nocredit",
})  # fmt: skip
#: Statuses that are 400 there: whatever is wrong with a value, or not allowed.
_BAD = frozenset({403, 413, 422})


#: The rule of an answer that is one text, as the resources beside ``mail/send`` have it.
_PLAIN = "plain"


def plain(status: int, text: str) -> Problem:
    """Return an error whose answer is ``{"message": text}``."""
    return Problem(status, _PLAIN, text)


def render(problem: Problem) -> JSONResponse:
    """Return an error in turboSMTP's form."""
    if problem.code == _PLAIN:
        return JSONResponse({"message": problem.detail}, problem.status)
    if problem.status == 401:
        return _not_let_in(problem)
    one = {"field": problem.field, "rule": problem.code, "detail": problem.detail, "fix": problem.fix}
    body = {"message": "error", "errors": [_text(each) for each in problem.errors or [one]]}
    headers = {"Retry-After": str(int(problem.retry_after) + 1)} if problem.retry_after is not None else None
    return JSONResponse(body, 400 if problem.status in _BAD else problem.status, headers)


def no_credential(request: str) -> Problem:
    """Return the answer to a request, told as ``POST /path``, that names no credential at all."""
    detail = f"No authorization key was specified for request: {request}"
    return Problem(401, "no_credential", detail, "send consumerKey and consumerSecret")


def _not_let_in(problem: Problem) -> JSONResponse:
    if problem.code == "no_credential":
        told = {"errorCode": 3, "message": "Invalid authorization token", "details": problem.detail}
    else:
        told = {"errorCode": 3, "message": "Wrong credentials specified"}
    return JSONResponse(told, 401)


def _text(error: Mapping[str, str]) -> str:
    rule, field, detail, fix = error["rule"], error["field"], error["detail"], error["fix"]
    known = _TEXTS.get(f"{rule} {field}") or _TEXTS.get(rule)
    if known:
        return known
    named = detail if field in detail else f"{field}: {detail}"
    return f"{named}; {fix}" if fix else named
