"""Whom a campaign has reached, for senders that want nobody to get it twice.

The log knows, as far back as it is kept; what was queued a moment ago and is not in the log yet, this process
remembers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from estafette.base.clock import Clock
from estafette.base.errors import Refusal

#: Seconds after which the log has whatever was queued.
LAG = 60.0
#: Addresses that are remembered at most; the oldest are forgotten first.
MOST = 200_000


class Told(Protocol):
    """The log."""

    async def reached(self, tenant: str, campaign: str, recipients: Sequence[str]) -> set[str]:
        """Return those for whom the campaign was queued."""
        ...


class Reach:
    """The campaigns of one process."""

    def __init__(self, history: Told, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        # A plain dict looks at every name it has let go before it finds the first that is left.
        self._lately: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    async def known(self, tenant: str, campaign: str, addresses: Sequence[str]) -> set[str]:
        """Return those addresses that have the campaign already, or are about to."""
        found = await self._history.reached(tenant, campaign, addresses)
        since = self._clock.monotonic() - LAG
        return found | {each for each in addresses if self._lately.get((tenant, campaign, each), -LAG) > since}

    async def take(self, tenant: str, campaign: str, addresses: Sequence[str]) -> set[str]:
        """Hold the places of those who have not got a campaign; return the others."""
        known = await self.known(tenant, campaign, addresses)
        self.note(tenant, campaign, (each for each in addresses if each not in known))
        return known

    @asynccontextmanager
    async def claim(self, tenant: str, campaign: str, addresses: Sequence[str]) -> AsyncIterator[None]:
        """Hold a campaign's place for a message while it is made durable; Refusal when somebody has it already."""
        if not campaign:
            text = "deduplication needs the name of a campaign"
            raise Refusal(550, "5.6.0", text, rule="deduplicate_without_campaign")
        if await self.known(tenant, campaign, addresses):
            raise Refusal(550, "5.7.1", "a recipient has got this campaign already", rule="duplicate_in_campaign")
        self.note(tenant, campaign, addresses)
        try:
            yield
        except BaseException:
            self.forget(tenant, campaign, addresses)
            raise

    def note(self, tenant: str, campaign: str, addresses: Iterable[str]) -> None:
        """Remember who is about to get a campaign."""
        now = self._clock.monotonic()
        for each in addresses:
            key = (tenant, campaign, each)
            self._lately.pop(key, None)
            self._lately[key] = now
        while self._lately and (len(self._lately) > MOST or self._lately[next(iter(self._lately))] <= now - LAG):
            self._lately.popitem(last=False)

    def forget(self, tenant: str, campaign: str, addresses: Iterable[str]) -> None:
        """Take back what was noted: nothing was kept."""
        for each in addresses:
            self._lately.pop((tenant, campaign, each), None)
