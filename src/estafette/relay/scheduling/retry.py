"""When a deferred delivery is tried again, and when it is given up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from estafette.model.message import Delivery
from estafette.model.outcome import Outcome
from estafette.relay.scheduling.patience import patience

HINT_LEAST = 5.0
HINT_MOST = 86_400.0
UNKNOWN_LEAST = 900.0
IDLE_WAIT = 60.0
WARN_AFTER = 4 * 3600.0
#: attempts during which a hint may shorten the schedule (greylisting); afterwards it can only lengthen it
HASTY = 3
_JITTER = 0.2


class Decision(msgspec.Struct, frozen=True):
    """What becomes of one delivery after its outcome.

    action: ``done`` ends the row, ``defer`` moves it to ``due`` (unix seconds, 0 when done). expired: it
    ends because its time is over, so the end is ``failed`` for the reason ``expired``. delay_warning_due:
    the sender should now be told of the delay (4 hours, RFC 3461 section 6.2 leaves the time to us). spent:
    the attempt counts.
    """

    delivery: Delivery
    outcome: Outcome
    action: Literal["done", "defer"]
    due: float = 0.0
    expired: bool = False
    delay_warning_due: bool = False
    spent: bool = True


class Retry:
    """The schedule: ``waits`` in seconds, the last repeats, each spread by 20 % either way.

    spread: a source of numbers in [0, 1), such as ``random.Random().random``.
    """

    def __init__(self, waits: Sequence[float], spread: Callable[[], float]) -> None:
        self._waits = tuple(waits) or (IDLE_WAIT,)
        self._spread = spread

    def jitter(self) -> float:
        """Return a factor in [0.8, 1.2); one for all recipients of a transaction keeps them together."""
        return 1 + _JITTER * (2 * self._spread() - 1)

    def wait(self, attempts: int, outcome: Outcome, jitter: float) -> float:
        """Return seconds until the next attempt; ``attempts`` are those before this outcome.

        What the reply meant can only lengthen it: a full mailbox is not empty within minutes.
        """
        hint = outcome.retry_after
        if not outcome.attempted:
            # Nobody was asked, so the hint is our own, and may be as far away as Monday.
            return max(hint, HINT_LEAST) if hint is not None else IDLE_WAIT * jitter
        wait = patience(outcome.category).wait(self._waits, attempts) * jitter
        if hint is not None:
            hint = bounded(hint) * (1 + _JITTER / 2 * (jitter - 1 + _JITTER))
            wait = hint if attempts < HASTY else max(wait, hint)
        return max(wait, UNKNOWN_LEAST) if outcome.verdict == "unknown" else wait

    def decide(
        self, row: Delivery, outcome: Outcome, now: float, time: float, jitter: float, *, spared: bool = False
    ) -> Decision:  # fmt: skip
        """Return what follows.

        now: wall clock. time: the clock of due times. spared: the attempt began before a clock jump.

        A delivery expires only on an attempt that failed at or after its time: after a clock jump it has
        been tried once more. The last attempt is drawn forward to the time of expiry unless the peer asked
        for a later one.
        """
        if outcome.verdict not in {"deferred", "unknown"}:
            return Decision(row, outcome, "done", spent=outcome.attempted)
        warn = not row.notified and now - row.born >= WARN_AFTER
        if not outcome.attempted:
            due = time + self.wait(row.attempts, outcome, jitter)
            return Decision(row, outcome, "defer", due, delay_warning_due=warn, spent=False)
        if now >= row.expires and not spared:
            return Decision(row, outcome, "done", expired=True)
        wait = self.wait(row.attempts, outcome, jitter)
        if outcome.retry_after is None and now < row.expires:
            wait = min(wait, row.expires - now)
        return Decision(row, outcome, "defer", time + wait, delay_warning_due=warn)


def bounded(hint: float) -> float:
    """Return a peer's hint held within 5 seconds and a day; what is not a number counts as the least."""
    return HINT_LEAST if math.isnan(hint) else min(max(hint, HINT_LEAST), HINT_MOST)
