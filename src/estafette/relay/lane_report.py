"""What a courier's lanes do, told to whoever asks why mail waits: a small file for each courier, seconds old.

The state of lanes lives in the memory of the courier that owns them. It is worth nothing after a restart, so it is
neither synced nor kept in the store.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from estafette.relay.scheduling.snapshot import LaneState

#: Seconds between two reports, after which one is out of date, and lanes that one tells of.
EVERY = 2.0
STALE = 15.0
MOST = 2_000

_FOLDER = "lanes"


class Report(msgspec.Struct, frozen=True):
    """The lanes of one courier that have mail ready, at a moment (unix seconds)."""

    at: float
    lanes: tuple[LaneState, ...]


def write(data: Path, worker: str, lanes: Iterable[LaneState], now: float) -> None:
    """Put a courier's report in the place of the one before."""
    folder = data / _FOLDER
    folder.mkdir(exist_ok=True)
    busy = sorted((lane for lane in lanes if any(lane.waiting)), key=lambda lane: not lane.shaped)
    report = Report(now, tuple(busy[:MOST]))
    fresh = folder / f"{worker}.new"
    fresh.write_bytes(msgspec.json.encode(report))
    fresh.replace(folder / f"{worker}.json")


def read(data: Path, now: float) -> dict[tuple[str, str], LaneState]:
    """Return the lanes of all couriers by (site, egress group); those that wait for the uplink win.

    Such a one stands under ("", egress group) too: the uplink is the group's, whatever site a row is bound for.
    """
    found: dict[tuple[str, str], LaneState] = {}
    for file in sorted((data / _FOLDER).glob("*.json")):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            report = msgspec.json.decode(file.read_bytes(), type=Report)
            if abs(now - report.at) > STALE:
                continue
            for lane in report.lanes:
                known = found.get((lane.site, lane.egress))
                if known is None or lane.shaped:
                    found[lane.site, lane.egress] = lane
                if lane.shaped:
                    found["", lane.egress] = lane
    return found
