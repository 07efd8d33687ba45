"""Which of our addresses keep away from which sites for a while, because they were refused there."""

from __future__ import annotations

from functools import cache

import msgspec

from estafette.base.shipped import table

#: Pairs that are remembered; above it those whose rest is over are forgotten.
MOST = 10_000
#: Seconds of rest for a category that has none of its own.
LEAST = 600.0


class _Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seconds: dict[str, float]


class Resting:
    """Pairs of an address of ours and a site, with the time until which they rest (any clock, the caller's)."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def until(self, source: str, site: str) -> float:
        """Return when the rest of a pair is over; 0 for one that never began."""
        return self._until.get((source, site), 0.0)

    def rest(self, source: str, site: str, category: str, now: float) -> float:
        """Let a pair rest; return for how many seconds."""
        if len(self._until) >= MOST:
            self._until = {pair: until for pair, until in self._until.items() if until > now}
        seconds = _seconds().get(category, LEAST)
        self._until[source, site] = max(self.until(source, site), now + seconds)
        return seconds

    def left(self, now: float) -> dict[tuple[str, str], float]:
        """Return for how many more seconds each pair rests."""
        return {pair: until - now for pair, until in self._until.items() if until > now}

    def resume(self, source: str, site: str, seconds: float, now: float) -> None:
        """Let a pair go on resting after a restart, no longer than any rest is."""
        if len(self._until) < MOST:
            self._until[source, site] = now + min(seconds, max(LEAST, *_seconds().values()))


@cache
def _seconds() -> dict[str, float]:
    return table("estafette.relay.delivery", "resting.toml", _Sheet).seconds
