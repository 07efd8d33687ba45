"""The OpenAPI document: what FastAPI knows, and the problems that every route may answer with."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from estafette.web.api.actor import May

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "fix"],
    "properties": {
        "type": {"type": "string", "examples": ["about:blank"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Name of the rule that said no, for programs"},
        "detail": {"type": "string", "description": "What is wrong, for people"},
        "fix": {"type": "string", "description": "What to do about it"},
        "field": {"type": "string", "description": "The field, parameter or header concerned"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "rule", "detail", "fix")},
            },
        },
    },
}
_ALWAYS = {
    "400": "The request could not be read",
    "401": "No valid key",
    "403": "The key may not do this",
    "404": "There is no such thing, or it is somebody else's",
    "413": "The body is too large",
    "422": "A field is wrong; `field`, `detail` and `fix` say which, why and what to do",
    "429": "Too many calls with this key, or too many failed log-ins; see Retry-After",
    "503": "The store cannot be used now; nothing was changed",
}
_CHANGES = {
    "409": "The name is taken, or it is not in a state for this",
    "412": "It changed since you read it",
    "428": "The change names no version: send If-Match",
}


def install(app: FastAPI) -> None:
    """Make ``app.openapi`` return the whole document, once made."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes, tags=app.openapi_tags
            )
            _complete(made)
            _permissions(made, app)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the way that FastAPI documents


def _permissions(document: dict[str, Any], app: FastAPI) -> None:
    """Say on every operation what its caller must hold: ``x-permission``."""
    for route in iter_route_contexts(app.routes):
        guard = _guard(route.dependant) if isinstance(route.original_route, APIRoute) else None
        for method in route.methods or () if guard else ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if guard and operation is not None:
                operation["x-permission"] = guard.permission


def _guard(dependant: Dependant) -> May | None:
    if isinstance(dependant.call, May):
        return dependant.call
    return next((found for each in dependant.dependencies if (found := _guard(each))), None)


def _complete(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, methods in document["paths"].items():
        if not path.startswith("/v1/"):
            continue
        for method, operation in methods.items():
            problems = _ALWAYS | (_CHANGES if method != "get" else {})
            if not operation.get("security"):
                problems = {status: text for status, text in problems.items() if status != "403"}
            operation["responses"] |= {status: _problem(text) for status, text in problems.items()}
            _headers(operation)


def _problem(text: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": text, "content": content}


def _headers(operation: dict[str, Any]) -> None:
    told = {
        "RateLimit-Policy": "Calls of the key a window: quota q, window w seconds",
        "RateLimit": "Calls left r, and seconds t until the window ends",
    }
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            answer.setdefault("headers", {}).update(
                {name: {"description": text, "schema": {"type": "string"}} for name, text in told.items()}
            )
