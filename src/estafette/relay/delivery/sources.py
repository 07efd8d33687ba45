"""Which of our addresses a connection leaves from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from estafette.config.schema import Egress, Source

#: No address of our own choice: the system picks one.
ANY = Source(address="")


class Sources:
    """The source addresses of one egress group, in turn. IPv6 goes out only from a listed IPv6 source."""

    def __init__(self, egress: Egress) -> None:
        four = [source for source in egress.source if ":" not in source.address]
        six = [source for source in egress.source if ":" in source.address]
        self.v6 = bool(six)
        self.v4 = bool(four) or not egress.source
        self._turns: dict[bool, Iterator[Source]] = {False: cycle(four or [ANY]), True: cycle(six or [ANY])}

    def choose(self, address: str) -> Source | None:
        """Return the source for a target address, None when this group cannot reach its family."""
        six = ":" in address
        return next(self._turns[six]) if (self.v6 if six else self.v4) else None
