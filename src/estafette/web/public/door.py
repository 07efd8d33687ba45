"""The listener of recipients: plain ASGI for what they click and load; pages of mailed links when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from estafette.web.public.answers import App, Receive, Scope, Send, plain

_HEALTHY = plain(200, "ok")
_LATER = plain(503, "try again later", [(b"retry-after", b"10")])


class Door:
    """rooms: by the first three characters of a path. rest: makes the application of all other paths, once.

    It answers None while the database does not answer, which those need.
    """

    def __init__(self, rooms: Mapping[str, App], rest: Callable[[], App | None]) -> None:
        self._rooms = dict(rooms)
        self._make = rest
        self._rest: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            return
        room = self._rooms.get(scope["path"][:3])
        if room is not None:
            await room(scope, receive, send)
        elif scope["path"] == "/healthz":
            await _HEALTHY(send)
        else:
            self._rest = self._rest or self._make()
            await (self._rest(scope, receive, send) if self._rest else _LATER(send))
