"""The pace of a client: when it was last heard, and how fast its text comes."""

from __future__ import annotations

MIN_RATE = 500.0
RATE_GRACE = 60.0


class Pace:
    """Monotonic seconds, given by the caller. ``octets`` came since the window began; a window lasts ``RATE_GRACE``.

    in_text: a message's text is awaited.
    """

    __slots__ = ("_window", "in_text", "octets", "since")

    def __init__(self, now: float) -> None:
        self.since = now
        self.octets = 0
        self._window = now
        self.in_text = False

    def text(self, under_way: bool) -> None:
        """Say whether a message's text is awaited; the rate is measured afresh when that changes."""
        if under_way is not self.in_text:
            self.in_text = under_way
            self._window, self.octets = self.since, 0

    def complaint(self, now: float, limit: float) -> str:
        """Return why the client is too slow, empty when it is not: no command in time, or text below ``MIN_RATE``."""
        if self.in_text and now - self._window > RATE_GRACE:
            if self.octets < MIN_RATE * (now - self._window):
                return "too slow"
            self._window, self.octets = now, 0
        elif now - self.since > limit and not (self.in_text and self.octets):
            return "timeout waiting for the client"
        return ""
