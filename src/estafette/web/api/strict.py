"""Reading a request strictly: small bodies, no key twice, no unknown field or parameter."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict

from estafette.web.problems import Problem

#: Octets of a request that manages something; mail has its own cap, limits.message_size.
MOST = 256 * 1024


class Body(BaseModel):
    """What a change may name; anything else in it is an error, never silently dropped."""

    model_config = ConfigDict(extra="forbid", strict=True)


class StrictRequest(Request):
    """A request whose JSON says everything once. most: octets of its body."""

    most = MOST

    async def body(self) -> bytes:
        """Return the body; Problem 413 above ``most``."""
        if not hasattr(self, "_body"):
            pieces, size = [], 0
            async for piece in self.stream():
                size += len(piece)
                if size > self.most:
                    raise Problem(413, "too_large", f"at most {self.most} octets", "send less")
                pieces.append(piece)
            self._body = b"".join(pieces)
        return self._body

    async def json(self) -> Any:
        """Return the JSON; Problem 422 when a key stands twice, or when it is nested without measure."""
        return read_json(await self.body())


class StrictRoute(APIRoute):
    """A route that reads its requests strictly, as ``request_class`` does."""

    request_class = StrictRequest

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Return the handler over a strict request."""
        handler = super().get_route_handler()
        known = {field.alias for field in get_flat_params(self.dependant) if isinstance(field.field_info, Query)}

        async def strict(request: Request) -> Response:
            for name in request.query_params:
                if name not in known:
                    detail = f"there is no parameter {name[:100]!r}"
                    fix = f"known are {', '.join(sorted(known)) or 'none'}"
                    raise Problem(422, "unknown_parameter", detail, fix, field=name[:100])
            return await handler(self.request_class(request.scope, request.receive))

        return strict


def read_json(body: bytes) -> Any:
    """Return what JSON says; Problem 422 when a key stands twice, or when it is nested without measure."""
    try:
        return json.loads(body, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise Problem(422, "invalid_json", "the JSON is nested too deeply", "send plain objects") from None
    except UnicodeDecodeError:
        raise Problem(422, "invalid_json", "the JSON is not UTF-8", "send UTF-8") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0][:100]
        raise Problem(422, "duplicate_key", f"{twice!r} stands twice", "name every field once", field=twice)
    return found


def _no_constant(text: str) -> float:
    raise Problem(422, "invalid_json", f"{text} is no JSON", "send a number")
