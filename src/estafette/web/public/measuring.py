"""A hit is noted: as that of a recipient, or as one of many, as far as may be measured."""

from __future__ import annotations

import asyncio
from typing import Literal

from estafette.base.clock import Clock
from estafette.base.ids import Mint
from estafette.events.acts import Group, Measured
from estafette.events.buffer import Buffer
from estafette.events.crowd import Crowd, Visitors
from estafette.model.tracking import RawHit
from estafette.tracking.agents import Programs
from estafette.tracking.evidence import Seen
from estafette.tracking.networks import Networks
from estafette.tracking.token import Target
from estafette.web.public.answers import Scope
from estafette.web.public.standing import Standing
from estafette.web.public.tokens import Opened

#: Seconds in which hits gather, answered already.
GATHER = 0.01
#: Characters kept of a User-Agent.
_AGENT = 300
_PURPOSES = frozenset({b"purpose", b"sec-purpose", b"x-moz", b"x-purpose"})


class Measuring:
    """Notes hits in memory; ``buffer`` brings them to disk, ``crowd`` holds those of nobody in particular."""

    def __init__(
        self, *, standing: Standing, buffer: Buffer, crowd: Crowd, mint: Mint, clock: Clock, programs: Programs,
        networks: Networks,
    ) -> None:  # fmt: skip
        self._standing = standing
        self._buffer = buffer
        self._crowd = crowd
        self._mint = mint
        self._clock = clock
        self._programs = programs
        self._networks = networks
        self._visitors = Visitors()
        self._noted: list[tuple[Opened, Scope, float]] = []

    def note(self, opened: Opened, scope: Scope) -> None:
        """Note a GET; nothing else follows a link (facts: screens-and-measurement 3.4, rule 4)."""
        if scope["method"] != "GET":
            return
        if not self._noted:
            asyncio.get_running_loop().call_later(GATHER, self.settle)
        self._noted.append((opened, scope, self._clock.now()))

    def settle(self) -> None:
        """Keep what was noted. Many in one go cost much less than one at a time between answers."""
        noted, self._noted = self._noted, []
        for opened, scope, at in noted:
            mode = self._standing.measured(opened.target)
            if mode == "individual":
                self._one(opened, scope, at)
            elif mode == "aggregate" and (group := opened.group) is not None:
                self._of_many(group, scope, at)

    def _one(self, opened: Opened, scope: Scope, at: float) -> None:
        target = opened.target
        agent, purpose = _said(scope)
        hit = RawHit(
            self._mint.next(), at, _kind(target), target.tenant, target.stream, target.message, target.number,
            target.link, opened.label, _address(scope), agent, "GET", purpose, target.campaign, target.tags,
            target.template, target.links,
        )  # fmt: skip
        self._buffer.keep(Measured(hit))

    def _of_many(self, group: Group, scope: Scope, at: float) -> None:
        agent, purpose = _said(scope)
        address = _address(scope)
        seen = Seen(
            at=at, kind=group.kind, visitor=self._visitors.of(at, group.tenant, address, agent),
            program=self._programs.of(agent), network=self._networks.of(address), link=group.link, purpose=purpose,
            group=group.campaign or group.template or group.tags[0],
        )  # fmt: skip
        self._buffer.count(group, self._crowd.add(seen, group))


def _kind(target: Target) -> Literal["opened", "clicked"]:
    return "opened" if target.kind == "open" else "clicked"


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0])[:64] if client else ""


def _said(scope: Scope) -> tuple[str, str]:
    """Return the User-Agent, and what the request says of its purpose."""
    agent, purposes = "", []
    for name, value in scope["headers"]:
        if name == b"user-agent":
            agent = value[:_AGENT].decode("latin-1")
        elif name in _PURPOSES:
            purposes.append(value[:40].decode("latin-1"))
    return agent, " ".join(purposes)
