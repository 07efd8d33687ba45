"""Hints to couriers: a small mailbox for each one that listens; nothing is kept for those who do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from estafette.model.message import Delivery
from estafette.store.interface.spool import Wake
from estafette.store.sqlite.leases import Leases

#: Deliveries kept for a courier that does not keep up; beyond, it is told to read its feeds again.
MAILBOX = 20_000


class Mailbox:
    """What one courier has not read yet."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.rules = False
        self.reread = False
        self.bell = asyncio.Event()

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Put deliveries in, or a note to read again when there are too many."""
        if len(self.deliveries) + len(deliveries) > MAILBOX:
            self.reread = True
        else:
            self.deliveries.extend(deliveries)
        self.bell.set()

    def note(self, *, rules: bool = False, reread: bool = False) -> None:
        """Put a flag in."""
        self.rules |= rules
        self.reread |= reread
        self.bell.set()

    def take(self) -> Wake:
        """Empty it."""
        wake = Wake(tuple(self.deliveries), self.rules, self.reread)
        self.deliveries.clear()
        self.rules = self.reread = False
        self.bell.clear()
        return wake


class Wakes:
    """Routes arrivals to the courier that owns their shard."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._boxes: dict[str, Mailbox] = {}

    def arrived(self, deliveries: Iterable[Delivery]) -> None:
        """Push deliveries that have become durable, or that moved to another lane."""
        if not self._boxes:
            return
        shares: dict[str, list[Delivery]] = {}
        owner = self._leases.owner
        for delivery in deliveries:
            worker = owner(delivery.lane)
            if worker is not None:
                shares.setdefault(worker, []).append(delivery)
        for worker, share in shares.items():
            box = self._boxes.get(worker)
            if box is not None:
                box.add(share)

    def rules_changed(self) -> None:
        """Tell every courier to read the rules again."""
        for box in self._boxes.values():
            box.note(rules=True)

    def reread(self) -> None:
        """Tell every courier to read its feeds again."""
        for box in self._boxes.values():
            box.note(reread=True)

    async def listen(self, worker: str) -> AsyncIterator[Wake]:
        """Yield wakes until the caller closes the iterator; a newer listener of the same name takes over.

        The first one says to read everything again: what changed between the lease and this moment was told to nobody.
        """
        box = self._boxes[worker] = Mailbox()
        box.note(rules=True, reread=True)
        try:
            while self._boxes.get(worker) is box:
                await box.bell.wait()
                if self._boxes.get(worker) is box:
                    yield box.take()
        finally:
            if self._boxes.get(worker) is box:
                del self._boxes[worker]

    def stop(self, worker: str) -> None:
        """End a courier's iterator."""
        box = self._boxes.pop(worker, None)
        if box is not None:
            box.bell.set()
