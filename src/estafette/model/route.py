"""A route: where mail that comes to a tenant's domain goes, by the part of the address before the ``@``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Literal

import msgspec

Way = Literal["forward", "webhook", "keep", "reject"]
WAYS: frozenset[str] = frozenset(Way.__args__)  # type: ignore[attr-defined]
#: Wildcards of one pattern; more could be made slow.
MOST_STARS = 4
#: Of a domain whose own mail goes elsewhere, the name below it whose mail comes here.
BELOW = "in."


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a domain's routing.

    pattern: of the local part, in lower case; ``*`` stands for any characters, ``*`` alone for every address.
    way: ``forward`` hands the message to the company's own server while the sender waits, and passes on what that
    server answers; ``webhook`` keeps it and calls an address; ``keep`` keeps and shows it; ``reject`` refuses it.
    target: ``smtp://HOST[:PORT]`` or ``lmtp://HOST:PORT`` of forward, the https address of webhook, the words of
    reject, "" of keep. sealed: what the calls of webhook are signed with, under the keyring and in the form of a
    webhook's keys (``webhooks.keys``), bound to the route's id; else empty. created: unix seconds. version: grows with
    every change.
    """

    id: str
    tenant: str
    domain: str
    pattern: str
    way: Way
    target: str = ""
    sealed: bytes = b""
    created: float = 0.0
    version: int = 0

    @property
    def weight(self) -> tuple[bool, int, str]:
        """How narrow it is, the greatest first to be asked: no star before any, then the more written out."""
        return ("*" not in self.pattern, len(self.pattern.replace("*", "")), self.pattern)


def choose(routes: Iterable[Route], local: str) -> Route | None:
    """Return the narrowest of a domain's routes that takes a local part, None: no such address here.

    ``info+shop`` (RFC 5233) goes where a pattern that names a ``+`` says, else where ``info`` goes.
    """
    ranked = sorted(routes, key=lambda route: route.weight, reverse=True)
    whole = local.lower()
    detailed = [route for route in ranked if "+" in route.pattern]
    found = _first(detailed, whole) if "+" in whole else None
    return found or _first(ranked, whole.partition("+")[0]) or _first(ranked, whole)


def _first(ranked: Sequence[Route], name: str) -> Route | None:
    return next((route for route in ranked if _compiled(route.pattern)(name)), None)


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> Callable[[str], object]:
    """Only the star is a wildcard here; ``?`` and ``[`` are letters of addresses."""
    return re.compile(translate(pattern.replace("[", "[[]").replace("?", "[?]"))).match
