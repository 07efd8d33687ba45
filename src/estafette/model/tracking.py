"""What is measured of a message, and what a hit on its links and pixel was."""

from __future__ import annotations

from typing import Literal

import msgspec

from estafette.model.stream import Tracking

#: From the strictest to the loosest.
MODES: tuple[Tracking, ...] = ("off", "aggregate", "consented", "individual")
#: What caused a hit (facts: screens-and-measurement 3.4, rule 2).
Agent = Literal["human", "proxy_prefetch", "image_proxy", "scanner", "preview", "unknown"]
AGENTS: tuple[Agent, ...] = ("human", "proxy_prefetch", "image_proxy", "scanner", "preview", "unknown")
#: Those that are no person reading: what is taken away from the raw number.
MACHINES: frozenset[str] = frozenset({"proxy_prefetch", "scanner", "preview"})


def strictest(*modes: Tracking) -> Tracking:
    """Return the mode that measures least; ``individual`` when none is given."""
    return MODES[min((MODES.index(mode) for mode in modes), default=len(MODES) - 1)]


class Hit(msgspec.Struct, frozen=True, array_like=True):
    """What an ``opened`` or ``clicked`` event says of its hit, once it is final.

    agent: see ``Agent``. reasons: codes such as ``burst``, ``bare_agent``. version: of the classifier.
    mode: ``aggregate`` (the event names no recipient, and ``Event.count`` may be above 1) or ``individual``.
    link: place of the link in the message, 1-based, 0 for an open. url: label of the link: no query, no fragment.
    client: family of the program, such as ``apple_mail``; "" unknown. country: two letters, "" unknown.
    first: the first human one of this kind of this recipient (an ``opened`` counts image proxies as human here).
    was: not empty in a correction: the class under which the same hit was counted before.
    """

    agent: Agent
    reasons: tuple[str, ...] = ()
    version: int = 0
    mode: Tracking = "individual"
    link: int = 0
    url: str = ""
    client: str = ""
    country: str = ""
    first: bool = False
    was: str = ""


class RawHit(msgspec.Struct, frozen=True, array_like=True):
    """A hit of individual measuring as it came, kept for ``retention.hits`` at most.

    id: 63-bit id, which becomes the event's. kind: ``opened`` or ``clicked``. agent: the User-Agent, at most 300
    characters; method, purpose: of the request (``Purpose``, ``Sec-Purpose``, ``X-Moz``, joined). links: how many links
    of the message are measured, 0 when nobody knows.
    """

    id: int
    at: float
    kind: Literal["opened", "clicked"]
    tenant: str
    stream: str
    message: int
    number: int
    link: int = 0
    url: str = ""
    address: str = ""
    agent: str = ""
    method: str = "GET"
    purpose: str = ""
    campaign: str = ""
    tags: tuple[str, ...] = ()
    template: str = ""
    links: int = 0
