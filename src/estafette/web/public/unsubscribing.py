"""``/u/TOKEN``: a GET only asks, a POST acts; that of RFC 8058 acts at once. No scanner unsubscribes anyone.

Where the stream has topics, the page lets one choose among them. Beside stands a button that ends measuring, which is
a choice of its own (facts: screens-and-measurement 3.3: as easy as giving consent, by a link in each mail).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Literal

from estafette.base.clock import Clock
from estafette.base.errors import Fault, StoreUnavailable
from estafette.base.ids import Mint
from estafette.events.acts import Choice, Unsubscription, Withdrawal
from estafette.events.buffer import Buffer
from estafette.model.topic import Topic
from estafette.tracking.token import Target
from estafette.web.public import forms
from estafette.web.public.answers import NOT_FOUND, Answer, Receive, Scope, Send, header, not_allowed, plain
from estafette.web.public.pages import Pages
from estafette.web.public.preferences import Fields, chosen, shown
from estafette.web.public.standing import Standing
from estafette.web.public.tokens import Tokens

_FIELD, _VALUE = "list-unsubscribe", "one-click"
_NO = not_allowed(b"GET, HEAD, POST")
_DONE = plain(200, "unsubscribed")
_LATER = plain(503, "try again later", [(b"retry-after", b"60")])
_TOO_LARGE = plain(413, "too large")

Means = Literal["one_click", "click", "nothing", "unmeasured"]
#: Returns the topics that a token's recipient gets as things are. StoreFault, NotFound.
Wanted = Callable[[Target], Awaitable[Collection[str]]]


async def unknown(_target: Target) -> Collection[str]:
    """``Wanted`` of a process that reads nothing."""
    raise StoreUnavailable("nothing is read here", place="store")


class Unsubscribing:
    """The page, and every way to act. An answer of 200 to a POST means that it is on this machine's disk."""

    def __init__(
        self, *, tokens: Tokens, standing: Standing, buffer: Buffer, mint: Mint, clock: Clock, pages: Pages,
        wanted: Wanted = unknown,
    ) -> None:  # fmt: skip
        self._tokens = tokens
        self._standing = standing
        self._buffer = buffer
        self._mint = mint
        self._clock = clock
        self._pages = pages
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        target = self._tokens.target(scope, "unsubscribe")
        if target is None or target.aggregate or self._standing.of(target.tenant) == "gone":
            await NOT_FOUND(send)
        elif scope["method"] in {"GET", "HEAD"}:
            await (await self._question(target, scope, 200))(send)
        elif scope["method"] == "POST":
            await (await self._act(target, scope, receive))(send)
        else:
            await _NO(send)

    async def _question(self, target: Target, scope: Scope, status: int) -> Answer:
        topics = self._standing.topics(target)
        if topics:
            try:
                return self._choices(target, scope, topics, await self._wanted(target), status=status)
            except Fault:  # nobody can say now what this reader has: what is asked is the plain question
                pass
        language, sender = header(scope, b"accept-language"), self._standing.name(target.tenant)
        page = "leave" if sender else "leave_unnamed"
        return self._pages.written(language, status, page, button=True, sender=sender)

    def _choices(
        self, target: Target, scope: Scope, topics: Sequence[Topic], wanted: Collection[str], *, status: int = 200,
        saved: bool = False,
    ) -> Answer:  # fmt: skip
        language = header(scope, b"accept-language")
        known = shown(topics, language, wanted)
        current = next((each.title for each in known if each.name == target.topic and each.wanted and not saved), "")
        sender = self._standing.name(target.tenant)
        return self._pages.preferences(language, status, sender, known, current=current, saved=saved)

    async def _act(self, target: Target, scope: Scope, receive: Receive) -> Answer:
        body = await forms.read(receive)
        if body is None:
            return _TOO_LARGE
        fields = forms.fields(header(scope, b"content-type"), body)
        means, topics = meant(fields), self._standing.topics(target)
        choice = chosen(fields, topics) if means is None else None
        if means is None and choice is None:
            return await self._question(target, scope, 400)
        act = self._choice(target, *choice) if choice else self._meaning(target, means or "click")
        try:
            await self._buffer.synced(act)
        except StoreUnavailable:
            return _LATER
        if choice and choice[1]:
            return self._choices(target, scope, topics, choice[1], saved=True)
        if means == "one_click":
            return _DONE
        words = "unmeasured" if means == "unmeasured" else "topic_left" if self._of_topic(target, means) else "left"
        return self._pages.written(header(scope, b"accept-language"), 200, words)

    def _of_topic(self, target: Target, means: Means | None) -> bool:
        """Whether only a topic was left, and more of the stream may come."""
        return means == "click" and any(topic.name == target.topic for topic in self._standing.topics(target))

    def _choice(self, target: Target, offered: tuple[str, ...], wanted: tuple[str, ...]) -> Choice:
        ids = tuple(self._mint.next() for _ in ("", *offered))
        return Choice(
            ids, self._clock.now(), target.tenant, target.stream, target.message, target.number, target.person,
            offered, wanted,
        )  # fmt: skip

    def _meaning(self, target: Target, means: Means) -> Unsubscription | Withdrawal:
        now = self._clock.now()
        if means == "unmeasured":
            return Withdrawal(now, target.tenant, target.person)
        topic = "" if means == "nothing" else target.topic
        return Unsubscription(
            self._mint.next(), now, target.tenant, target.stream, target.message, target.number, target.person,
            topic, "one_click" if means == "one_click" else "click",
        )  # fmt: skip


def meant(fields: Fields) -> Means | None:
    """Return what a form says: RFC 8058 section 3.2, or a button of our page; None for a choice, or anything else."""
    if fields.get(_FIELD, ("",))[0].lower() == _VALUE:
        return "one_click"
    buttons: dict[str, Means] = {"yes": "click", "nothing": "nothing", "unmeasured": "unmeasured"}
    return buttons.get(fields.get("confirm", ("",))[0])
