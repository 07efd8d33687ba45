"""``/c/TOKEN`` leads where the token says, ``/o/TOKEN`` is the pixel; whoever asks gets the same answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from estafette.web.public.answers import NOT_FOUND, Answer, Receive, Scope, Send, header, not_allowed
from estafette.web.public.measuring import Measuring
from estafette.web.public.pages import Pages
from estafette.web.public.standing import Standing
from estafette.web.public.tokens import Tokens

#: A transparent picture of one point (GIF89a), 43 octets.
PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
_READ = (b"GET", b"HEAD")
_METHODS = frozenset(each.decode() for each in _READ)
_NO = not_allowed(b"GET, HEAD")
_PICTURE = Answer(200, PIXEL, b"image/gif")


class Clicks:
    """The redirect. Nothing is looked up: the target is in the token, and standing is in memory."""

    def __init__(self, tokens: Tokens, standing: Standing, measuring: Measuring, pages: Pages) -> None:
        self._tokens = tokens
        self._standing = standing
        self._measuring = measuring
        self._pages = pages

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in _METHODS:
            await _NO(send)
            return
        opened = self._tokens.opened(scope, "click")
        stand = self._standing.of(opened.target.tenant) if opened is not None else "gone"
        if opened is None or opened.answer is None or stand == "gone":
            await NOT_FOUND(send)
        elif stand == "suspended":
            host = urlsplit(opened.target.url).hostname or ""
            await self._pages.written(header(scope, b"accept-language"), 403, "held", host=host)(send)
        else:
            self._measuring.note(opened, scope)
            await opened.answer(send)


class Opens:
    """The pixel."""

    def __init__(self, tokens: Tokens, standing: Standing, measuring: Measuring) -> None:
        self._tokens = tokens
        self._standing = standing
        self._measuring = measuring

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in _METHODS:
            await _NO(send)
            return
        opened = self._tokens.opened(scope, "open")
        if opened is None or self._standing.of(opened.target.tenant) == "gone":
            await NOT_FOUND(send)
            return
        self._measuring.note(opened, scope)
        await _PICTURE(send)
