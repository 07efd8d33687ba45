"""Lanes as an operator sees them: for metrics, and to explain a wait."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from estafette.relay.scheduling.lane import Lane

#: A held lane wakes and sends one message at a time; between two it is still held.
_MOMENT = 5.0


class LaneState(msgspec.Struct, frozen=True):
    """One lane at one moment.

    busy: connections in use, of ``window`` allowed now and ``connections`` at most. until: seconds from now
    before which nothing starts, 0 = free. waiting: feeds with ready rows, by priority. reason: of the last
    site failure. shaped: the uplink of the egress group holds its bulk back, now or a moment ago.
    """

    site: str
    egress: str
    busy: int
    window: int
    connections: int
    dead: bool
    settled: bool
    until: float
    waiting: tuple[int, int, int]
    reason: str
    shaped: bool = False


def snapshot(lanes: Iterable[Lane], mono: float) -> list[LaneState]:
    """Return the state of every lane."""
    return [
        LaneState(
            lane.site, lane.egress, lane.busy, lane.window, lane.limits.connections, lane.dead, lane.settled,
            max(lane.until - mono, 0.0),
            (len(lane.rings[0]), len(lane.rings[1]), len(lane.rings[2])), lane.reason,
            bool(lane.rings[2]) and lane.shaped is not None and mono - lane.shaped < _MOMENT,
        )
        for lane in lanes
    ]  # fmt: skip
