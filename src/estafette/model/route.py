"""A route: where mail that comes to a tenant's domain goes, by the part of the address before the ``@``."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

Way = Literal["forward", "webhook", "keep", "reject"]
WAYS: frozenset[str] = frozenset(Way.__args__)  # type: ignore[attr-defined]
#: Wildcards of one pattern; more could be made slow.
MOST_STARS = 4


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a domain's routing.

    pattern: of the local part, in lower case; ``*`` stands for any characters, ``*`` alone for every address.
    way: ``forward`` hands the message to the company's own server while the sender waits, and passes on what that
    server answers; ``webhook`` keeps it and calls an address; ``keep`` keeps and shows it; ``reject`` refuses it.
    target: ``smtp://HOST[:PORT]`` or ``lmtp://HOST:PORT`` of forward, the https address of webhook, the words of
    reject, "" of keep. secret: signs the calls of webhook, else "".
    """

    id: str
    tenant: str
    domain: str
    pattern: str
    way: Way
    target: str = ""
    secret: str = ""

    @property
    def weight(self) -> tuple[bool, int, str]:
        """How narrow it is, the greatest first to be asked: no star before any, then the more written out."""
        return ("*" not in self.pattern, len(self.pattern.replace("*", "")), self.pattern)


def choose(routes: Iterable[Route], local: str) -> Route | None:
    """Return the narrowest of a domain's routes that takes a local part; ``info+shop`` is also tried as ``info``.

    RFC 5233 for the ``+``. None: no such address here.
    """
    ranked = sorted(routes, key=lambda route: route.weight, reverse=True)
    lower = local.lower()
    for name in dict.fromkeys((lower, lower.partition("+")[0])):
        for route in ranked:
            if fnmatchcase(name, _literal(route.pattern)):
                return route
    return None


def _literal(pattern: str) -> str:
    """Only the star is a wildcard here; ``?`` and ``[`` are letters of addresses."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
