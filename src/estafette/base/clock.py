"""Time as an argument: nothing below ``runtime`` reads a clock of its own."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Two readings of time."""

    def now(self) -> float:
        """Wall clock, seconds since 1970 UTC; may jump either way."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; for deadlines and intervals."""
        ...
