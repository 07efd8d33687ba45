"""What servers said to a stream's mail of late, and the paces that follow from it. Calls may wait for the disk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from estafette.model.pace import Pace

if TYPE_CHECKING:
    from estafette.store.interface.records import AuditEntry

#: Seconds of one row of counters.
SPELL = 600


class Spell(msgspec.Struct, kw_only=True):
    """What came of a stream's mail in one stretch of ``SPELL`` seconds.

    start: unix seconds. site: "" = all of them; a site has rows of its own once a server there has blocked something,
    never for personal mail. attempted: recipients whose delivery ended at a server. deferred: attempts that were put
    off. hard: recipients refused for good; unknown: of them those that do not exist. blocked: replies, temporary ones
    too, that refuse the sender or the text.
    """

    tenant: str
    start: int
    stream: str
    site: str = ""
    attempted: int = 0
    deferred: int = 0
    hard: int = 0
    unknown: int = 0
    blocked: int = 0


class Reputation(Protocol):
    """Counters of what servers said, and paces."""

    def sums(self, tenants: Collection[str], since: float) -> Sequence[Spell]:
        """Return sums by tenant, stream and site over stretches that begin at a time or later (``start`` is 0)."""
        ...

    def spells(self, tenant: str, stream: str, since: float) -> Sequence[Spell]:
        """Return a stream's counters of stretches that begin at a time or later, in their order."""
        ...

    def prune(self, before: float) -> int:
        """Forget counters of stretches that began before a moment; return how many."""
        ...

    def paces(self, tenant: str = "", *, ended: bool = True) -> Sequence[Pace]:
        """Return paces, newest first, of a tenant or of all; ``ended`` False leaves out those that are over."""
        ...

    def put_pace(self, pace: Pace, entry: AuditEntry | None) -> None:
        """Add a pace, or write its new state."""
        ...
