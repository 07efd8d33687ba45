"""Errors as Brevo tells them: ``code``, one of few, and ``message``."""

from __future__ import annotations

from types import MappingProxyType

from fastapi.responses import JSONResponse

from estafette.model.placement import Trouble
from estafette.web.problems import Problem

#: Status -> the code that says no more than it.
_BY_STATUS = MappingProxyType({
    401: "unauthorized", 402: "not_enough_credits", 403: "permission_denied", 404: "document_not_found",
    405: "method_not_allowed", 406: "not_acceptable", 409: "duplicate_request", 429: "too_many_requests",
    503: "service_unavailable",
})  # fmt: skip
#: Rules of ours -> status and code that Brevo has for the same. What it has nothing for is invalid_parameter.
_RULES = MappingProxyType({
    "quota": (402, "not_enough_credits"),
    "not_supported": (406, "not_acceptable"),
    "too_late": (400, "invalid_parameter"),
    "already_there": (400, "duplicate_parameter"),
    "duplicate_key": (400, "duplicate_parameter"),
    **dict.fromkeys(("missing", "no_recipient", "empty_message"), (400, "missing_parameter")),
    **dict.fromkeys(
        ("less_than_equal", "greater_than_equal", "too_long", "too_short", "string_too_long", "too_large",
         "message_too_large", "message_size", "subject_too_long", "header_too_long", "label_length",
         "metadata_too_long", "too_many_recipients", "too_many_attachments", "too_many_headers", "too_many_tags",
         "too_many_addresses", "scheduled_too_far"),
        (400, "out_of_range"),
    ),
})  # fmt: skip
#: Fields of a letter -> Brevo's names of them.
_FIELDS = MappingProxyType({
    "from": "sender", "reply_to": "replyTo", "text": "textContent", "html": "htmlContent", "attachments": "attachment",
    "template": "templateId", "data": "params", "scheduled_at": "scheduledAt", "campaign": "batchId",
    "recipients": "messageVersions",
})  # fmt: skip
_HINT = "send a valid key in the field api-key"


def error(trouble: Trouble) -> dict[str, str]:
    """Return one error. The rule stands in brackets, because Brevo's codes are few."""
    _, code = _kind(trouble.status, trouble.code)
    detail = trouble.detail
    if trouble.field and detail.startswith(trouble.field):
        detail = f"{named(trouble.field)}{detail[len(trouble.field) :]}"
    told = f"{detail}; {trouble.fix}" if trouble.fix else detail
    return {"code": code, "message": told if trouble.code == code else f"{told} [{trouble.code}]"}


def render(problem: Problem) -> JSONResponse:
    """Return an error of a whole request."""
    rule = problem.errors[0]["rule"] if problem.errors else problem.code
    status, _ = _kind(problem.status, rule)
    fix = _HINT if problem.status == 401 else problem.fix
    trouble = Trouble(status=problem.status, code=rule, detail=problem.detail, fix=fix, field=problem.field)
    headers = {"Retry-After": str(int(problem.retry_after) + 1)} if problem.retry_after is not None else None
    return JSONResponse(error(trouble), status, headers)


def named(field: str) -> str:
    """Return a field of a letter, such as ``reply_to.0``, as Brevo names it."""
    name, point, rest = field.partition(".")
    return f"{_FIELDS.get(name, name)}{point}{rest}"


def _kind(status: int, rule: str) -> tuple[int, str]:
    if rule in _RULES:
        return _RULES[rule]
    if status in {400, 413, 422}:
        return 400, "invalid_parameter"
    return status, _BY_STATUS.get(status, "internal_server_error" if status >= 500 else "invalid_parameter")
