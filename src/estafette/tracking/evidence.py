"""What the classifier is given, and what it says: neutral of how a hit was kept, or whether it was kept at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from estafette.model.tracking import Agent
from estafette.tracking.agents import BROWSER, Program
from estafette.tracking.networks import Network

#: One recipient's copy of a message: (message, number).
Letter: TypeAlias = tuple[int, int]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A hit. at: unix seconds. visitor, agent: the address and the User-Agent, or what stands for them: only compared.

    program, network: what is known of them. letter: whose copy, None in aggregate
    measuring, where ``group`` (campaign, template or tag) is all that is known. link: 1-based, 0 for an open.
    id: breaks ties between hits of one moment.
    """

    at: float
    kind: Literal["opened", "clicked"]
    visitor: str
    agent: str = ""
    program: Program = BROWSER
    network: Network | None = None
    letter: Letter | None = None
    group: str = ""
    link: int = 0
    method: str = "GET"
    purpose: str = ""
    id: int = 0


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a recipient's copy. Fields that nobody knows keep their defaults.

    person, domain: whose it is (only compared). gateway: name of the security gateway whose MX took it. delivered: when
    that server's final 250 came, unix seconds. links: how many different links the message has.
    """

    person: str = ""
    domain: str = ""
    gateway: str = ""
    delivered: float = 0.0
    links: int = 0


#: What is known of each copy that was hit; one that is missing is known not at all.
Knowledge: TypeAlias = Mapping[Letter, Copy]
UNKNOWN_COPY = Copy()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a hit was. reasons: codes of ``reasons.REASONS``, some with figures behind a colon."""

    agent: Agent
    reasons: tuple[str, ...] = ()

    @property
    def person(self) -> bool:
        """Whether it counts as somebody's (rule 13): a person, or an image proxy that did not load at delivery."""
        return self.agent == "human" or (self.agent == "image_proxy" and "prefetch_suspected" not in self.reasons)
