"""How often one key may call: requests a minute, told in ``RateLimit`` and ``RateLimit-Policy``.

Names and form: draft-ietf-httpapi-ratelimit-headers (structured fields: limit q, window w, remaining r, reset t).
"""

from __future__ import annotations

import math
from collections import OrderedDict

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from estafette.base.clock import Clock
from estafette.web.problems import Problem

WINDOW = 60.0
REMEMBERED = 10_000
_STATE = "estafette.rate"


class _Window(msgspec.Struct):
    began: float
    used: int = 0


class Rates:
    """Calls of each key in its running minute, in this process; memory is bounded."""

    def __init__(self, clock: Clock, quota: int) -> None:
        self._clock = clock
        self.quota = quota
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def take(self, request: Request, key: str) -> None:
        """Count a call; Problem 429 ``rate_limited`` when the minute's are used up."""
        now = self._clock.monotonic()
        window = self._windows.get(key)
        if window is None or now - window.began >= WINDOW:
            window = self._windows[key] = _Window(now)
            self._windows.move_to_end(key)
            if len(self._windows) > REMEMBERED:
                self._windows.popitem(last=False)
        left = WINDOW - (now - window.began)
        request.scope[_STATE] = (self.quota, max(0, self.quota - window.used - 1), math.ceil(left))
        if window.used >= self.quota:
            detail = f"more than {self.quota} calls in {WINDOW:.0f} seconds with this key"
            raise Problem(429, "rate_limited", detail, "wait as Retry-After says", left)
        window.used += 1


class RateHeaders:
    """ASGI: tells on every answer, problems too, what is left of the key's minute."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and add the two fields to its answer when its key was counted."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and _STATE in scope:
                quota, left, reset = scope[_STATE]
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = f'"key";q={quota};w={WINDOW:.0f}'
                headers["RateLimit"] = f'"key";r={left};t={reset}'
            await send(message)

        await self._app(scope, receive, told)
