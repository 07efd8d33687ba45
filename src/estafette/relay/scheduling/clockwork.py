"""The clock of due times: it never goes back, and it notices when the wall clock jumps."""

from __future__ import annotations

JUMP = 60.0


class Clockwork:
    """Follows the wall clock forward; when that steps back, it runs on with the monotonic clock.

    Rows deferred before a step back carry due times of the old clock: running on, they come due after the
    wait that was meant, and arrivals, stamped by the wall clock, are never in the future. floor: the latest
    moment that an earlier run of the service can have seen; it keeps this true when the clock stepped back
    between the runs.
    """

    def __init__(self, floor: float = 0.0) -> None:
        self._offset: float | None = None
        self._ahead = 0.0
        self.time = floor
        self.jumped_at: float | None = None

    def advance(self, now: float, mono: float) -> bool:
        """Take both readings; return True when the wall clock jumped since the last ones."""
        offset = now - mono
        if self._offset is None:
            self._offset = offset
            self._ahead = offset if self.time - now < JUMP else self.time - mono
            self.time = max(mono + self._ahead, now)
            return False
        jumped = not -JUMP < offset - self._offset < JUMP
        self._offset = offset
        self._ahead = max(self._ahead, offset)
        self.time = max(self.time, mono + self._ahead, now)
        if jumped:
            self.jumped_at = mono
        return jumped

    def jumped_since(self, mono: float) -> bool:
        """Return whether the wall clock jumped at or after a monotonic time."""
        return self.jumped_at is not None and self.jumped_at >= mono

    def seen(self, now: float) -> float:
        """Return the time of due comparisons for a caller that knows the wall clock only."""
        return max(self.time, now)
