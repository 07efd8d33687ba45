"""Which of our addresses rest at which sites, kept over a restart: a small file for each courier.

A rest is worth hours of a provider's patience and costs nothing to lose once, so it is written beside the store some
seconds late and never synced. Whoever starts reads the files of all: shards may have gone to another courier.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from estafette.base import log

#: Seconds between two looks at what changed.
EVERY = 2.0
#: Rests of one file, and octets of one that is read.
MOST = 10_000
LARGEST = 4 << 20
#: Seconds after which a file that nobody writes any more is removed; no rest is that long.
ABANDONED = 86_400.0

_FOLDER = "rests"
#: Seconds by which the same rest may seem to end at another time, since clocks are corrected.
_ALIKE = 60.0
_log = log.get("relay.rests")

#: (egress group, our address, site).
Pair = tuple[str, str, str]


class _Rest(msgspec.Struct, frozen=True, array_like=True):
    egress: str
    source: str
    site: str
    until: float


class Book:
    """The file of one courier. data: the data folder. worker: the courier's name."""

    def __init__(self, data: Path, worker: str) -> None:
        self._folder = data / _FOLDER
        self._worker = worker
        self._written: dict[Pair, float] = {}

    def keep(self, left: Mapping[Pair, float], now: float) -> bool:
        """Write which pairs rest for how many more seconds, if that changed. now: unix seconds. OSError."""
        until = {pair: now + seconds for pair, seconds in sorted(left.items(), key=lambda each: -each[1])[:MOST]}
        if _alike(until, self._written):
            return False
        self._folder.mkdir(exist_ok=True)
        fresh = self._folder / f"{self._worker}.new"
        fresh.write_bytes(msgspec.json.encode([_Rest(*pair, round(end)) for pair, end in until.items()]))
        fresh.replace(self._folder / f"{self._worker}.json")
        self._written = until
        return True


def read(data: Path, now: float) -> dict[Pair, float]:
    """Return which pairs rest for how many more seconds, by the files of all couriers; the longest rest counts."""
    found: dict[Pair, float] = {}
    for file in sorted((data / _FOLDER).glob("*.json")):
        for rest in _of(file, now):
            pair = rest.egress, rest.source, rest.site
            if rest.until - now > found.get(pair, 0.0):
                found[pair] = rest.until - now
    return found


def _of(file: Path, now: float) -> Collection[_Rest]:
    with contextlib.suppress(OSError):
        told = file.stat()
        if told.st_mtime < now - ABANDONED or told.st_size > LARGEST:
            file.unlink()
            return ()
        try:
            return msgspec.json.decode(file.read_bytes(), type=list[_Rest])[:MOST]
        except msgspec.MsgspecError as error:
            _log.warning("rests_unreadable", file=file.name, cause=str(error))
    return ()


def _alike(one: Mapping[Pair, float], other: Mapping[Pair, float]) -> bool:
    return one.keys() == other.keys() and all(abs(end - other[pair]) < _ALIKE for pair, end in one.items())
