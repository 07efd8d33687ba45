"""Errors as Mailjet tells them: ErrorIdentifier, ErrorCode, StatusCode, ErrorMessage, ErrorRelatedTo."""

from __future__ import annotations

import uuid
from types import MappingProxyType
from typing import Any

from fastapi.responses import JSONResponse

from estafette.model.placement import Trouble
from estafette.web.problems import Problem

#: Rules of ours -> the code that Mailjet has for the same; a rule that it does not have keeps its name.
_CODES = MappingProxyType({
    "empty_message": "send-0003",
    "duplicated_content": "send-0004",
    "sender_not_allowed": "send-0008",
    "header_not_allowed": "send-0011",
    "deduplicate_without_campaign": "send-0012",
    "too_many_recipients": "send-0015",
    "template_language_missing": "send-0016",
    "template_not_found": "send-0010",
    "template_not_published": "send-0010",
    "tenant_suspended": "mj-0001",
    "invalid_json": "mj-0002",
    "json_invalid": "mj-0002",
    "duplicate_key": "mj-0002",
    "missing": "mj-0003",
    "no_recipient": "mj-0003",
    "literal_error": "mj-0005",
    "enum": "mj-0005",
    "less_than_equal": "mj-0005",
    "greater_than_equal": "mj-0005",
    "string_too_long": "mj-0006",
    "subject_too_long": "mj-0006",
    "label_length": "mj-0006",
    "metadata_too_long": "mj-0006",
    "too_short": "mj-0007",
    "too_long": "mj-0008",
    "too_many_attachments": "mj-0008",
    "too_many_headers": "mj-0008",
    "too_large": "mj-0011",
    "message_size": "mj-0011",
    "message_too_large": "mj-0011",
    "string_too_short": "mj-0012",
    "invalid_address": "mj-0013",
    "unauthenticated": "mj-0015",
})  # fmt: skip
#: Fields of a letter -> Mailjet's names of them.
_FIELDS = MappingProxyType({
    "from": "From", "to": "To", "cc": "Cc", "bcc": "Bcc", "reply_to": "ReplyTo", "subject": "Subject",
    "text": "TextPart", "html": "HTMLPart", "attachments": "Attachments", "campaign": "CustomCampaign",
    "metadata": "EventPayload", "template": "TemplateID", "data": "Variables", "scheduled_at": "SendAt",
    "link_tags": "URLTags",
})  # fmt: skip
_RELATED = MappingProxyType({
    "send-0003": ["HTMLPart", "TextPart", "TemplateID"],
    "send-0004": ["HTMLPart", "TemplateID"],
    "send-0008": ["From"],
    "send-0010": ["TemplateID"],
    "send-0012": ["CustomCampaign", "DeduplicateCampaign"],
    "send-0015": ["To", "Cc", "Bcc"],
    "send-0016": ["TemplateLanguage"],
})  # fmt: skip


def error(trouble: Trouble) -> dict[str, Any]:
    """Return one error of a message."""
    code = _code(trouble.code)
    return {
        "ErrorIdentifier": str(uuid.uuid4()),
        "ErrorCode": code,
        "StatusCode": _status(trouble.status),
        "ErrorMessage": f"{trouble.detail}; {trouble.fix}" if trouble.fix else trouble.detail,
        "ErrorRelatedTo": _RELATED.get(code) or _related(trouble.field),
    }


def render(problem: Problem) -> JSONResponse:
    """Return an error of a whole request; version 3 reads ``ErrorInfo``, version 3.1 the code."""
    status, code = _status(problem.status), _code(problem.errors[0]["rule"] if problem.errors else problem.code)
    body = {
        "ErrorIdentifier": str(uuid.uuid4()),
        "ErrorCode": code,
        "ErrorInfo": problem.fix,
        "ErrorMessage": problem.detail,
        "StatusCode": status,
    }
    related = _RELATED.get(code) or _related(problem.field)
    if related:
        body["ErrorRelatedTo"] = related
    headers = {"Retry-After": str(int(problem.retry_after) + 1)} if problem.retry_after is not None else None
    return JSONResponse(body, status, headers)


def _code(rule: str) -> str:
    return _CODES.get(rule) or ("mj-0004" if rule.endswith(("_type", "_parsing", "base64")) else f"estafette-{rule}")


def _status(status: int) -> int:
    """Return the status that Mailjet has for it: whatever is wrong with a value is 400."""
    return 400 if status in {413, 422} else status


def _related(field: str) -> list[str]:
    if not field:
        return []
    name, _, rest = field.partition(".")
    if name == "headers":
        return [f'Headers["{rest}"]']
    return [_FIELDS.get(name, field)]
