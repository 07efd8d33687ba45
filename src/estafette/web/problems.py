"""Errors on HTTP: problem documents (RFC 9457) with ``code``, ``detail`` and ``fix``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from estafette.base.errors import ConfigFault, Fault, Refusal, StoreFault, StoreUnavailable
from estafette.base.log import get
from estafette.base.seal import SealBroken
from estafette.model.address import AddressError
from estafette.model.placement import Trouble
from estafette.relay.submission.wrong import Wrong
from estafette.store.interface.page import BadCursor
from estafette.store.interface.people import LastOwner
from estafette.store.interface.records import AlreadyThere, Stale
from estafette.tenancy.office import NotFound
from estafette.tenancy.permissions import Forbidden
from estafette.tenancy.sessions import CodeNeeded, LogInFailed

_log = get("web")
_TITLES = {
    401: "not authenticated", 403: "forbidden", 404: "not found", 405: "method not allowed", 409: "conflict",
    412: "changed meanwhile", 413: "too large", 422: "invalid", 428: "precondition required",
}  # fmt: skip
#: Rules by which a caller sends more than it may; Retry-After says when it may again.
_TOO_MUCH = frozenset({"quota", "credential_rate", "queue_bytes"})
_STATUS = {"5.3.4": 413, "5.7.1": 403, "5.7.0": 403, "4.2.2": 429}


class Problem(HTTPException):
    """A coded no. code: machine name of the rule; field: what it is about; fix: what the caller can do.

    retry_after: seconds. errors: every field that is wrong, each with field, rule, detail and fix.
    An HTTPException, because the framework turns any other error met while a body is read into a 400 of its own.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        fix: str = "",
        retry_after: float | None = None,
        *,
        field: str = "",
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(status, detail)
        self.status = status
        self.code = code
        self.fix = fix
        self.retry_after = retry_after
        self.field = field
        self.errors = errors


def response(problem: Problem) -> JSONResponse:
    """Return the document of a problem."""
    headers = {}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(int(problem.retry_after) + 1)
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="estafette"'
    body = {
        "type": "about:blank",
        "title": _TITLES.get(problem.status, problem.code.replace("_", " ")),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "fix": problem.fix,
    }
    if problem.field:
        body["field"] = problem.field
    if problem.errors:
        body["errors"] = problem.errors
    return JSONResponse(body, problem.status, headers, "application/problem+json")


def of_refusal(refusal: Refusal) -> Problem:
    """Translate what the gate said."""
    default = 503 if refusal.temporary else 422
    status = 429 if refusal.rule in _TOO_MUCH else _STATUS.get(refusal.enhanced, default)
    return Problem(
        status,
        refusal.rule or "refused",
        f"{refusal.code} {refusal.enhanced} {refusal.public}",
        "try again later" if refusal.temporary else "change the request; the rule's name is in code",
        refusal.retry_after,
    )


def of_trouble(trouble: Trouble, errors: list[dict[str, str]] | None = None) -> Problem:
    """Translate what was wrong with a letter."""
    return Problem(
        trouble.status, trouble.code, trouble.detail, trouble.fix, trouble.retry_after,
        field=trouble.field, errors=errors,
    )  # fmt: skip


#: Places of the command line -> the API's fields of the same meaning.
_FIELDS = {"--from": "senders", "--network": "networks", "--recipient": "recipients", "ADDRESS": "address"}


def of_fault(fault: Fault) -> Problem:
    """Translate what a service of administration said; what is not the caller's doing is 500 or 503."""
    if isinstance(fault, StoreUnavailable):
        return Problem(503, "store_unavailable", "nothing was kept", "try again later", 30)
    if isinstance(fault, StoreFault | ConfigFault | SealBroken) and not isinstance(fault, Stale):
        _log.error("request_failed", cause=fault.cause, place=fault.place)
        return Problem(500, "internal_error", "the request failed", "the operator's log says why")
    status, code = next((answer for kind, answer in _FAULTS.items() if isinstance(fault, kind)), (422, "invalid"))
    field = _FIELDS.get(fault.place) or fault.place.lstrip("-").lower().replace("-", "_")
    return Problem(status, getattr(fault, "code", code), fault.cause, fault.fix, field=field)


_FAULTS: dict[type[Fault], tuple[int, str]] = {
    NotFound: (404, "not_found"),
    Forbidden: (403, "forbidden"),
    Stale: (412, "changed"),
    LastOwner: (409, "last_owner"),
    LogInFailed: (401, "log_in_failed"),
    CodeNeeded: (401, "code_needed"),
}


def of_value(error: ValueError) -> Problem:
    """Translate what the rooms below say about values."""
    if isinstance(error, AlreadyThere):
        return Problem(409, "already_there", str(error), "choose another name, or change what is there")
    return Problem(422, "invalid", str(error), "correct the value")


def of_validation(error: RequestValidationError) -> Problem:
    """Name every field that is wrong, the rule that it breaks and what would be right."""
    told = [field_error(each) for each in error.errors()[:20]]
    first = told[0]
    return Problem(
        422, "invalid_request", f"{first['field']}: {first['detail']}", first["fix"],
        field=first["field"], errors=told,
    )  # fmt: skip


def field_error(error: Any) -> dict[str, str]:
    """Name one field that is wrong, as pydantic tells it."""
    inside = (
        error["loc"][1:] if error["loc"] and error["loc"][0] in {"body", "query", "path", "header"} else error["loc"]
    )
    place = ".".join(str(part) for part in inside)[:200] or "body"
    rule = error["type"]
    fix = "leave it out: there is no such field" if rule == "extra_forbidden" else f"correct {place}"
    return {"field": place, "rule": rule, "detail": error["msg"][:300], "fix": fix}


def install(app: FastAPI, render: Callable[[Problem], JSONResponse] = response) -> None:
    """Make every error of an application a problem document, or what ``render`` makes of a problem."""

    @app.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> JSONResponse:
        return render(error)

    @app.exception_handler(Refusal)
    async def refusal(_request: Request, error: Refusal) -> JSONResponse:
        return render(of_refusal(error))

    @app.exception_handler(Wrong)
    async def wrong(_request: Request, error: Wrong) -> JSONResponse:
        return render(of_trouble(error.trouble))

    @app.exception_handler(Fault)
    async def fault(_request: Request, error: Fault) -> JSONResponse:
        return render(of_fault(error))

    async def value(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ValueError)
        return render(of_value(error))

    for kind in (AlreadyThere, AddressError, BadCursor):
        app.add_exception_handler(kind, value)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return render(of_validation(error))

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        title = _TITLES.get(error.status_code, "http_error").replace(" ", "_")
        return render(Problem(error.status_code, title, str(error.detail), "see /v1/openapi.json"))

    @app.exception_handler(Exception)
    async def broken(_request: Request, error: Exception) -> JSONResponse:
        cause = error.cause if isinstance(error, Fault) else type(error).__name__
        _log.error("request_failed", cause=cause, exc_info=error)
        return render(Problem(500, "internal_error", "the request failed", "the operator's log says why"))
