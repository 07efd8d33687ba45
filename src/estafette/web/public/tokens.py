"""Tokens of the paths, opened; those that many recipients share are remembered, and so is where links lead."""

from __future__ import annotations

from typing import NamedTuple

from estafette.base.seal import Keyring
from estafette.events.acts import Group
from estafette.tracking.token import LinkKind, Target, read
from estafette.web.public.answers import Answer, Scope, header
from estafette.web.public.destination import label, leading_to
from estafette.web.public.standing import Standing

#: Shared tokens remembered, and pages that links lead to. Above it all are forgotten: one campaign has some dozen.
REMEMBERED = 4_096
#: Octets before the token in ``/c/TOKEN``.
_BEFORE = 3


class Page(NamedTuple):
    """Where a link leads. answer: leads there, None when this is not of http or https. label: names it in reports."""

    answer: Answer | None
    label: str


_NOWHERE = Page(None, "")


class Opened:
    """What a token says, and what follows from it. answer, label: see ``Page``; a pixel leads nowhere."""

    __slots__ = ("_group", "answer", "label", "target")

    def __init__(self, target: Target, page: Page) -> None:
        self.target = target
        self.answer, self.label = page
        self._group = Group.of(target, self.label) if target.aggregate else None

    @property
    def group(self) -> Group | None:
        """Return what an aggregate hit counts for; None where the message belongs to no group."""
        return self._group if self.target.aggregate else Group.of(self.target, self.label)


class Tokens:
    """Of one process. standing: tells whose a tracking name is; None where all links lead to the service's own."""

    def __init__(self, keyring: Keyring, standing: Standing | None = None) -> None:
        self._keyring = keyring
        self._standing = standing
        self._shared: dict[str, Opened] = {}
        self._pages: dict[str, Page] = {}

    def opened(self, scope: Scope, kind: LinkKind) -> Opened | None:
        """Return what a path's token says; None when we did not write it, or wrote it for another path or name."""
        token = scope["path"][_BEFORE:]
        opened = self._shared.get(token) or self._open(token)
        if opened is None or opened.target.kind != kind:
            return None
        if self._standing is not None and self._standing.foreign(header(scope, b"host"), opened.target.tenant):
            return None
        return opened

    def target(self, scope: Scope, kind: LinkKind) -> Target | None:
        """Return what a path's token says, as ``opened``."""
        opened = self.opened(scope, kind)
        return opened.target if opened is not None else None

    def _open(self, token: str) -> Opened | None:
        target = read(self._keyring, token)
        if target is None:
            return None
        opened = Opened(target, self._page(target.url) if target.kind == "click" else _NOWHERE)
        if target.aggregate:
            if len(self._shared) >= REMEMBERED:
                self._shared.clear()
            self._shared[token] = opened
        return opened

    def _page(self, url: str) -> Page:
        """Return where a link leads: of a mailing many tokens, each somebody's own, lead to few pages."""
        page = self._pages.get(url)
        if page is None:
            if len(self._pages) >= REMEMBERED:
                self._pages.clear()
            location = leading_to(url)
            answer = Answer(302, more=[(b"location", location)]) if location else None
            page = self._pages[url] = Page(answer, label(url))
        return page
