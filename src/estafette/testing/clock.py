"""A clock that moves only when told to."""

from __future__ import annotations


class ManualClock:
    """Satisfies ``base.clock.Clock``. start: seconds since 1970 UTC.

    The monotonic reading begins at 1,000.
    """

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._wall = start
        self._steady = 1000.0

    def now(self) -> float:
        """Return the wall clock."""
        return self._wall

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._steady

    def pass_(self, seconds: float) -> None:
        """Let time pass on both readings; ValueError when it would run backwards."""
        if seconds < 0:
            raise ValueError("time does not run backwards; use jump for a wrong wall clock")
        self._wall += seconds
        self._steady += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an administrator or NTP does.

        The monotonic reading stays.
        """
        self._wall += seconds
