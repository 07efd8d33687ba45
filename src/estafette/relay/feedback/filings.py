"""Which filed reports are written to the log: some of each kind, so that a flood to one valid path does not fill it."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import TypeVar

from estafette.base.metrics import counter
from estafette.model.event import Event
from estafette.relay.feedback.returned import Returned

#: Events of one reason that are written of one return path, and of all reasons of one source within an hour.
OF_A_KIND = 5
OF_A_SOURCE = 100
HOUR = 3_600.0
#: Return paths and sources that are remembered; above it the oldest are forgotten.
MOST = 20_000

_passed_over = counter("returns_not_logged", "Filed reports counted without an event of their own, by limit.", "limit")
_Key = TypeVar("_Key")


class Filings:
    """Of one process, in memory: a restart begins to count again, which a flood cannot bring about.

    Whatever is not written is counted all the same (``returns_read``), and its message is kept as long.
    """

    def __init__(self) -> None:
        self._paths: OrderedDict[tuple[tuple[int, int], str], int] = OrderedDict()
        self._sources: OrderedDict[tuple[str, int], int] = OrderedDict()

    def kept(self, returned: Returned, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Return those of a message's events that are to be written: all that are of a tenant, and some of nobody."""
        return tuple(event for event in events if event.tenant or self._room(returned, event.reason))

    def _room(self, returned: Returned, reason: str) -> bool:
        if returned.paths and not _counted(self._paths, (returned.paths[0], reason), OF_A_KIND):
            _passed_over.labels("path").inc()
            return False
        if not _counted(self._sources, (_network(returned.source), int(returned.at // HOUR)), OF_A_SOURCE):
            _passed_over.labels("source").inc()
            return False
        return True


def _counted(counts: OrderedDict[_Key, int], key: _Key, most: int) -> bool:
    """Count one more; False when there were as many as may be."""
    number = counts.get(key, 0)
    counts[key] = min(number + 1, most)
    counts.move_to_end(key)
    if len(counts) > MOST:
        counts.popitem(last=False)
    return number < most


def _network(source: str) -> str:
    """Return an address; of IPv6 its /64, which is one customer's."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source[:64]
    return str(int(address) >> 64) if address.version == 6 else source
