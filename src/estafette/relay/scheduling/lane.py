"""A lane: one site by one egress group, with its connections, its feedback and its rows."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from estafette.relay.scheduling.priority import Wheel
from estafette.relay.scheduling.providers import SiteLimits

if TYPE_CHECKING:
    from estafette.relay.scheduling.feed import Window

_INITIAL = 5
_COHORT = 3
DEAD_FIRST = 60.0
DEAD_MOST = 1800.0


class Lane:
    """State of one (site, egress group); exact, because one courier owns it.

    window: connections allowed by feedback, 1 to limits.connections. until: monotonic time before which
    nothing starts. failed: when the site last failed us, on the clock of due times, None since a clock
    jump. settled: False while the site's name is awaited. shaped: monotonic time when the uplink last held bulk back.
    """

    __slots__ = (
        "alarm", "busy", "dead", "egress", "failed", "failures", "feedback", "limits", "listed", "others",
        "pause", "reason", "reserve", "rings", "settled", "shaped", "site", "slots", "stamp", "tokens", "until",
        "urgent", "wheel", "window",
    )  # fmt: skip

    def __init__(self, site: str, egress: str, limits: SiteLimits, *, settled: bool = True) -> None:
        self.site = site
        self.egress = egress
        self.limits = limits
        self.settled = settled
        self.reserve = max(1, limits.connections // 10)
        self.window = min(_INITIAL, limits.connections)
        self.feedback = 0.0
        self.busy = 0
        self.others = 0
        self.slots = list(range(limits.connections - 1, -1, -1))
        self.failures = 0
        self.dead = False
        self.pause = DEAD_FIRST
        self.until = 0.0
        self.alarm = 0.0
        self.failed: float | None = None
        self.reason = ""
        self.shaped: float | None = None
        self.tokens = max(limits.rate, 1.0)
        self.stamp = 0.0
        self.rings: tuple[deque[Window], deque[Window], deque[Window]] = (deque(), deque(), deque())
        self.wheel = Wheel()
        self.listed = False
        self.urgent = False

    def choose(self, bulk: bool, rest: bool) -> int:
        """Return the priority that may start a job now, -1 when none.

        ``bulk`` False keeps bulk out, ``rest`` False everything but people.

        One connection or a tenth is kept free for the next person: the rest together hold at most what people
        leave, but never less than half for that reason, and people may go beyond the feedback window by as
        much. A dead site gets one probe at a time.
        """
        busy, limits = self.busy, self.limits.connections
        if busy >= limits or (self.dead and busy):
            return -1
        personal, transactional, waiting = self.rings
        people = bool(personal) and busy < self.window + self.reserve
        left = max(limits // 2, limits - self.reserve - (busy - self.others))
        rest = rest and self.others < max(1, min(self.window, limits - self.reserve, left))
        second = rest and bool(transactional)
        third = rest and bulk and bool(waiting)
        if not (people or second or third):
            return -1
        return self.wheel.turn(people, second, third)

    def take_slot(self, personal: bool) -> int:
        """Occupy a connection; the one freed last is warm and goes first."""
        self.busy += 1
        if not personal:
            self.others += 1
        return self.slots.pop()

    def free_slot(self, slot: int, personal: bool) -> None:
        """Give a connection back."""
        self.busy -= 1
        if not personal:
            self.others -= 1
        self.slots.append(slot)

    def succeeded(self) -> None:
        """Open the window by one after a windowful of successes."""
        self.failures = 0
        self.dead = False
        self.pause = DEAD_FIRST
        self.failed = None
        self.reason = ""
        if self.window < self.limits.connections:
            self.feedback = max(self.feedback, 0.0) + 1 / self.window
            if self.feedback >= 0.999:
                self.window += 1
                self.feedback = 0.0

    def failure(self, time: float, mono: float, reason: str, jitter: float) -> None:
        """Close the window by one after a windowful of failures.

        After a cohort of them the site is dead for a while.
        """
        self.failures += 1
        self.failed = time
        self.reason = reason
        self.feedback = min(self.feedback, 0.0) - 1 / self.window
        if self.feedback <= -0.999:
            self.window = max(1, self.window - 1)
            self.feedback = 0.0
        if self.dead or self.failures >= max(_COHORT, self.window):
            if mono >= self.until:
                self.until = mono + self.pause * jitter
                self.pause = min(self.pause * 2, DEAD_MOST)
            self.dead = True

    def rate_ready(self, mono: float) -> float:
        """Return when the rate allows the next message (``mono`` or before: now), monotonic seconds."""
        rate = self.limits.rate
        if not rate:
            return mono
        self.tokens = min(self.tokens + (mono - self.stamp) * rate, max(rate, 1.0))
        self.stamp = mono
        return mono if self.tokens >= 1 else mono + (1 - self.tokens) / rate + 0.001

    @property
    def waits(self) -> bool:
        """Whether any row is ready on it."""
        personal, transactional, bulk = self.rings
        return bool(personal or transactional or bulk)
