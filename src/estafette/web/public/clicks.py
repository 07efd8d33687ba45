"""``/c/TOKEN`` leads where the token says, ``/o/TOKEN`` is the pixel; whoever asks gets the same answer."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

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
#: What may stand in a Location as it is: the scheme, a host, and printable ASCII without white space.
_PLAIN = re.compile(r"https?://(?![/?#\\])[!-~]+", re.IGNORECASE)
_KEPT = "%!#$&'()*+,/:;=?@[]~-._"


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
        target = self._tokens.target(scope, "click")
        location = leading_to(target.url) if target is not None else None
        stand = self._standing.of(target.tenant) if target is not None else "gone"
        if target is None or location is None or stand == "gone":
            await NOT_FOUND(send)
        elif stand == "suspended":
            host = urlsplit(location.decode()).hostname or ""
            await self._pages.written(header(scope, b"accept-language"), 403, "held", host=host)(send)
        else:
            self._measuring.note(target, scope)
            await Answer(302, more=((b"location", location),))(send)


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
        target = self._tokens.target(scope, "open")
        if target is None or self._standing.of(target.tenant) == "gone":
            await NOT_FOUND(send)
            return
        self._measuring.note(target, scope)
        await _PICTURE(send)


def leading_to(url: str) -> bytes | None:
    """Return a URL as a Location bears it (RFC 9110 section 10.2.2), None for what is not of http or https."""
    if _PLAIN.fullmatch(url):
        return url.encode("ascii")
    try:
        parts = urlsplit(url)
        host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
        written = quote(parts._replace(netloc=host).geturl(), safe=_KEPT)
    except (ValueError, UnicodeError):
        return None
    return written.encode("ascii") if _PLAIN.fullmatch(written) else None
