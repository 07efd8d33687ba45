"""``/v/TOKEN``: a recipient's message in the browser, as it was sent but for measuring, while its content is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from estafette.base import log
from estafette.mail.shown import Shown, shown
from estafette.tracking.token import Target
from estafette.web.public.answers import NOT_FOUND, Answer, Header, Receive, Scope, Send, header, not_allowed
from estafette.web.public.pages import Pages
from estafette.web.public.standing import Standing
from estafette.web.public.tokens import Tokens

_log = log.get("public.views")
_NO = not_allowed(b"GET, HEAD")
#: No script, no form, no frame; a page of its own origin, whose links lead on in the same window or a new one.
POLICY: Header = (
    b"content-security-policy",
    b"; ".join((
        b"default-src 'none'", b"img-src http: https: data:", b"style-src 'unsafe-inline' http: https:",
        b"font-src http: https: data:", b"media-src http: https:", b"form-action 'none'", b"base-uri 'none'",
        b"frame-ancestors 'none'", b"sandbox allow-popups allow-popups-to-escape-sandbox",
    )),
)  # fmt: skip
#: Returns the message of a recipient; None when it is kept no longer.
Letters = Callable[[Target], Awaitable[bytes | None]]


class Views:
    """Read from the store, so that it answers only while that can be read; redirects do not wait for it."""

    def __init__(self, tokens: Tokens, standing: Standing, letters: Letters, pages: Pages) -> None:
        self._tokens = tokens
        self._standing = standing
        self._letters = letters
        self._pages = pages

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in {"GET", "HEAD"}:
            await _NO(send)
            return
        target = self._tokens.target(scope, "view")
        if target is None or target.aggregate or self._standing.of(target.tenant) != "good":
            await NOT_FOUND(send)
            return
        language = header(scope, b"accept-language")
        try:
            page = await self._page(target)
        except Exception as error:  # of the store, or of a message that cannot be written: the reader is told
            _log.warning("view_failed", message=target.message, cause=str(error))
            await self._pages.written(language, 503, "unread")(send)
        else:
            await (_framed(page) if page else self._pages.written(language, 404, "kept_no_longer"))(send)

    async def _page(self, target: Target) -> Shown | None:
        message = await self._letters(target)
        return None if message is None else await asyncio.to_thread(shown, message)


def _framed(page: Shown) -> Answer:
    kind = f"{page.type}; charset={page.charset}".encode()
    return Answer(200, page.body, kind, [POLICY])
