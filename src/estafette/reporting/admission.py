"""Which values get counters of their own: the first ones of each tenant and UTC day, then all others together.

A tenant that puts an order number into a tag or a path would otherwise have a counter for each of its letters. Which
are the first is decided by the order of the log alone, so that counting again gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from estafette.store.interface.statistics import DAY, JOINT

#: Where all values beyond a limit are counted.
OTHER = "(other)"
OTHER_PAIR = OTHER + JOINT + OTHER
#: Values a tenant may bring up in a day, of the dimensions that senders and receivers can fill at will.
LIMITS: Mapping[str, int] = {
    "campaign": 1_000, "tag": 500, "topic": 500, "template": 1_000, "domain": 1_000, "provider": 1_000, "link": 1_000,
    "campaign_provider": 5_000, "campaign_link": 5_000,
}  # fmt: skip

#: (tenant, dimension, beginning of the UTC day).
Place = tuple[str, str, int]


def place(tenant: str, dimension: str, hour: int) -> Place:
    """Return where a value of an hour would have to be admitted."""
    return tenant, dimension, hour - hour % DAY


class Admission:
    """Remembers who was admitted where. Every place must be opened with what its counters hold before it is asked."""

    def __init__(self) -> None:
        self._admitted: dict[Place, set[str]] = {}

    def lacks(self, where: Place) -> bool:
        """Return whether a place is not open."""
        return where not in self._admitted

    def open(self, where: Place, values: set[str]) -> None:
        """Take over what was admitted to a place before."""
        self._admitted[where] = values - {OTHER, OTHER_PAIR}

    def name(self, tenant: str, dimension: str, hour: int, value: str) -> str:
        """Return the name under which a value is counted."""
        limit = LIMITS.get(dimension)
        if limit is None:
            return value
        admitted = self._admitted[place(tenant, dimension, hour)]
        if value in admitted:
            return value
        others = OTHER_PAIR if JOINT in value else OTHER
        # The common name is never admitted, also when a sender uses it: it takes nobody's place.
        if value == others or len(admitted) >= limit:
            return others
        admitted.add(value)
        return value

    def forget(self, most: int) -> None:
        """Close all places when they are more than ``most``; they are opened again from the counters."""
        if len(self._admitted) > most:
            self._admitted.clear()
