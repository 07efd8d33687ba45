"""A cap on request bodies, before anything reads them."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from estafette.web.problems import Problem, response

#: Room in JSON for the fields beside a message.
_ROOM = 1_000_000


def mail_cap(message_size: int) -> int:
    """Return the octets of a request that carries a message of this size: base64 makes four of three."""
    return message_size * 4 // 3 + _ROOM


class BodyCap:
    """ASGI: answers 413 to bodies above ``limit`` octets, announced or not. render: makes the answer."""

    def __init__(self, app: ASGIApp, limit: int, render: Callable[[Problem], JSONResponse] = response) -> None:
        self._app = app
        self._limit = limit
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting what comes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._limit:
            await self._render(self._problem())(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise self._problem()
            return message

        await self._app(scope, counted, send)

    def _problem(self) -> Problem:
        return Problem(413, "too_large", f"at most {self._limit} octets", "send less, or raise limits.message_size")
