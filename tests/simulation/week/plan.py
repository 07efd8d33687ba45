"""The nouns: what a server answers, a letter, what comes of it later, and the week that holds them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: From one Monday to the next: what a full mailbox costs is known only when seven days lie between (policy of 029).
DAYS = 8
#: Days after which a letter that is put off is given up.
EXPIRE = 3
TENANTS = ("alpha", "beta")
STREAMS = ("personal", "transactional", "bulk")
TOPICS = ("offers", "news")

#: What happens to a letter after it was taken. Each form of ``late``, ``complaint`` and ``answer`` is a file or a server.
Kind = Literal["late", "notice", "complaint", "leave", "rejoin", "answer", "forged"]


@dataclass(frozen=True)
class Answer:
    """What a server says to a letter, an attempt each, before it takes it. lasting: the last one at every attempt."""

    category: str
    phase: str
    address: str
    lines: tuple[str, ...]
    lasting: bool = False


@dataclass(frozen=True)
class Later:
    """What comes of a letter that was taken. form: how; category: what a late report means."""

    kind: Kind
    form: str
    category: str = ""
    address: str = ""
    line: str = ""


@dataclass(frozen=True)
class Letter:
    """A letter to one recipient. answer: None = it is taken at once."""

    day: int
    tenant: str
    stream: str
    recipient: str
    answer: Answer | None = None
    later: tuple[Later, ...] = ()
    topic: str = ""
    by: Literal["smtp", "api"] = "smtp"

    @property
    def campaign(self) -> str:
        """Return the label that it is counted under; personal mail has none."""
        return "" if self.stream == "personal" else f"{self.stream}-{self.day}"


@dataclass(frozen=True)
class Entry:
    """An address that a tenant itself suppresses in the evening of a day. until: the day in whose morning it ends."""

    day: int
    tenant: str
    stream: str
    address: str
    until: int = DAYS + 1


@dataclass
class Week:
    """All that is planted. own: domains that exist for one letter, whose server refuses before any recipient."""

    seed: int
    letters: list[Letter] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    own: list[str] = field(default_factory=list)

    def of(self, day: int) -> list[Letter]:
        """Return the letters of a day, in the order in which they are sent."""
        return [letter for letter in self.letters if letter.day == day]
