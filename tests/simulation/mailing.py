"""The nouns: a recipient, a hit, what is planted, and what a relay knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Plan:
    """What is planted. Rates are shares of all recipients: who reads (with images or not), who clicks at least once."""

    seed: int = 1
    recipients: int = 2_000
    links: int = 6
    open_rate: float = 0.38
    click_rate: float = 0.06
    per_second: float = 20.0
    patient: float = 0.0


@dataclass
class Recipient:
    """One of them. site and delivered (seconds) are known to the relay; the rest is the truth about the person."""

    number: int
    address: str
    provider: str
    site: str
    delivered: float
    scanned: bool
    program: str
    home: str
    mobile: str
    reads: bool = False
    clicks: bool = False


@dataclass(frozen=True, order=True)
class Hit:
    """One request for the pixel or a link; ``at`` in seconds, as ``Recipient.delivered``. cause: the truth."""

    at: float
    kind: Literal["opened", "clicked"]
    recipient: int
    link: int
    address: str
    agent: str
    method: str = "GET"
    purpose: str = ""
    cause: str = field(default="person", compare=False)


@dataclass
class World:
    """A mailing, everything that happened to it, and why."""

    plan: Plan
    recipients: list[Recipient]
    hits: list[Hit]
