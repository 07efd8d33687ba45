"""``/u/TOKEN``: a GET only asks, a POST acts; that of RFC 8058 acts at once. No scanner unsubscribes anyone.

Beside the button that unsubscribes stands one that ends measuring, which is a choice of its own (facts:
screens-and-measurement 3.3: as easy as giving consent, by a link in each mail).
"""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import compat32
from typing import Literal
from urllib.parse import parse_qs

from estafette.base.clock import Clock
from estafette.base.errors import StoreUnavailable
from estafette.base.ids import Mint
from estafette.events.acts import Unsubscription, Withdrawal
from estafette.events.buffer import Buffer
from estafette.tracking.token import Target
from estafette.web.public.answers import NOT_FOUND, Receive, Scope, Send, header, not_allowed, plain
from estafette.web.public.pages import Pages
from estafette.web.public.standing import Standing
from estafette.web.public.tokens import Tokens

#: Octets of a form.
_MOST = 10_000
_FIELD, _VALUE = "list-unsubscribe", "one-click"
_NO = not_allowed(b"GET, HEAD, POST")
_DONE = plain(200, "unsubscribed")
_LATER = plain(503, "try again later", [(b"retry-after", b"60")])
_TOO_LARGE = plain(413, "too large")

Means = Literal["one_click", "page", "unmeasured"]


class Unsubscribing:
    """The page, and both ways to act. An answer of 200 to a POST means that it is on this machine's disk."""

    def __init__(
        self, *, tokens: Tokens, standing: Standing, buffer: Buffer, mint: Mint, clock: Clock, pages: Pages
    ) -> None:
        self._tokens = tokens
        self._standing = standing
        self._buffer = buffer
        self._mint = mint
        self._clock = clock
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        target = self._tokens.target(scope, "unsubscribe")
        if target is None or target.aggregate or self._standing.of(target.tenant) == "gone":
            await NOT_FOUND(send)
        elif scope["method"] in {"GET", "HEAD"}:
            await self._ask(target, scope, send, 200)
        elif scope["method"] == "POST":
            await self._act(target, scope, receive, send)
        else:
            await _NO(send)

    async def _ask(self, target: Target, scope: Scope, send: Send, status: int) -> None:
        language, sender = header(scope, b"accept-language"), self._standing.name(target.tenant)
        page = "leave" if sender else "leave_unnamed"
        await self._pages.written(language, status, page, button=True, sender=sender)(send)

    async def _act(self, target: Target, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _TOO_LARGE(send)
            return
        means = meant(header(scope, b"content-type"), body)
        if means is None:
            await self._ask(target, scope, send, 400)
            return
        try:
            await self._buffer.synced(self._meaning(target, means))
        except StoreUnavailable:
            await _LATER(send)
        else:
            words = "unmeasured" if means == "unmeasured" else "left"
            page = self._pages.written(header(scope, b"accept-language"), 200, words)
            await (_DONE if means == "one_click" else page)(send)

    def _meaning(self, target: Target, means: Means) -> Unsubscription | Withdrawal:
        now = self._clock.now()
        if means == "unmeasured":
            return Withdrawal(now, target.tenant, target.person)
        return Unsubscription(
            self._mint.next(), now, target.tenant, target.stream, target.message, target.number, target.person,
            target.topic, means,
        )  # fmt: skip


def meant(content_type: str, body: bytes) -> Means | None:
    """Return what a POST says: RFC 8058 section 3.2, or a button of our page; None for anything else."""
    fields = _multipart(content_type, body) if content_type.lower().startswith("multipart/form-data") else _form(body)
    if fields.get(_FIELD, "").lower() == _VALUE:
        return "one_click"
    buttons: dict[str, Means] = {"yes": "page", "unmeasured": "unmeasured"}
    return buttons.get(fields.get("confirm", ""))


def _form(body: bytes) -> dict[str, str]:
    found = parse_qs(body.decode("utf-8", "replace").strip(), max_num_fields=20)
    return {name.strip().lower(): values[0].strip() for name, values in found.items()}


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = b"Content-Type: " + content_type.encode("latin-1").replace(b"\n", b" ").replace(b"\r", b" ") + b"\r\n\r\n"
    message = BytesParser(policy=compat32).parsebytes(head + body)
    fields = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name.strip().lower()] = content.decode("utf-8", "replace").strip()
    return fields


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request, None when it is larger than any form of ours."""
    body = b""
    while True:
        message = await receive()
        piece: bytes = message.get("body", b"")
        body += piece
        if len(body) > _MOST:
            return None
        if not message.get("more_body", False):
            return body
