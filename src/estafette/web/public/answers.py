"""Answers to recipients: plain ASGI messages, made once where they never change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

#: On every answer: nothing is kept on the way, found by search engines, or told to where a link leads.
COMMON: tuple[Header, ...] = (
    (b"cache-control", b"no-store, private"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"x-content-type-options", b"nosniff"),
)


class Answer:
    """One answer, to be sent as often as one likes."""

    __slots__ = ("_body", "_start")

    def __init__(self, status: int, body: bytes = b"", kind: bytes = b"", more: Iterable[Header] = ()) -> None:
        headers = [*COMMON, (b"content-length", b"%d" % len(body)), *more]
        if kind:
            headers.append((b"content-type", kind))
        self._start = {"type": "http.response.start", "status": status, "headers": headers}
        self._body = {"type": "http.response.body", "body": body}

    async def __call__(self, send: Send) -> None:
        """Send it; the server leaves the body out where HEAD asked."""
        await send(self._start)
        await send(self._body)


def plain(status: int, text: str, more: Iterable[Header] = ()) -> Answer:
    """Return an answer of one line of text."""
    return Answer(status, f"{text}\n".encode(), b"text/plain; charset=utf-8", more)


NOT_FOUND = plain(404, "not found")


def not_allowed(methods: bytes) -> Answer:
    """Return the answer to a method that a path does not know (RFC 9110 section 15.5.6)."""
    return plain(405, "method not allowed", [(b"allow", methods)])


def header(scope: Scope, name: bytes) -> str:
    """Return a request header, lower-case name, cut to what anybody needs; "" when it is absent."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value[:1_000].decode("latin-1")
            return text
    return ""
