"""What time does to rows that wait behind a dead site: expiry is checked here too, and people are warned."""

from __future__ import annotations

from estafette.model.message import Delivery
from estafette.model.outcome import Outcome
from estafette.relay.scheduling.feed import Window
from estafette.relay.scheduling.lane import Lane
from estafette.relay.scheduling.retry import IDLE_WAIT, WARN_AFTER, Decision
from estafette.relay.scheduling.shelf import Shelf

SWEEP = 30.0


def overdue(shelf: Shelf, now: float, time: float, mono: float) -> list[Decision]:
    """Take expired rows, and those whose sender must be warned, from dead lanes.

    time: the clock of due times. A probe that failed after a row fell due counts as that row's attempt, for
    the site was tried and is down; a clock jump annuls it (``Lane.failed``): the row waits for another probe.
    """
    decisions: list[Decision] = []
    for window in list(shelf.windows.values()):
        lane = window.lane
        if lane is not None and lane.dead and lane.failed is not None and window.rows:
            found = [each for row in window.rows if (each := _judge(row, lane, now, time, mono)) is not None]
            decisions.extend(found)
            _take_out(shelf, window, found)
    return decisions


def _judge(row: Delivery, lane: Lane, now: float, time: float, mono: float) -> Decision | None:
    expired = now >= row.expires and lane.failed is not None and lane.failed >= row.due
    if not expired and (row.notified or now - row.born < WARN_AFTER):
        return None
    outcome = Outcome(
        message=row.message, number=row.number, verdict="deferred", reason=lane.reason or "site_down",
        phase="local", site=lane.site, attempted=False,
    )  # fmt: skip
    if expired:
        return Decision(row, outcome, "done", expired=True, spent=False)
    due = time + max(lane.until - mono, IDLE_WAIT)
    return Decision(row, outcome, "defer", due, delay_warning_due=True, spent=False)


def _take_out(shelf: Shelf, window: Window, found: list[Decision]) -> None:
    keys = {decision.delivery.key for decision in found}
    if keys:
        shelf.take_out(window, keys)
