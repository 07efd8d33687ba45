"""Fills a stopped service's spool through the store's own interface, far faster than SMTP could. A process of its own.

``python -m benchmarks.filling ORDER`` (JSON); prints seconds taken.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass

import uvloop

from benchmarks import letters
from estafette.model.event import Event, pack
from estafette.model.message import Content, Delivery, Submission
from estafette.model.stream import PRIORITY_OF
from estafette.store.open import Store, open_store

_BATCH = 256


@dataclass(frozen=True)
class Order:
    """messages with so many recipients each, so messages * recipients deliveries; length: octets of the text."""

    url: str
    tenant: str
    credential: str
    messages: int
    recipients: int
    domain: str
    kind: str = "bulk"
    length: int = 10240


class Filler:
    """Makes submissions as intake makes them."""

    def __init__(self, order: Order, store: Store) -> None:
        self._order = order
        self._store = store
        self._text = letters.text(order.length)
        self._now = time.time()

    async def run(self) -> None:
        """Accept every message, many to a commit."""
        for start in range(0, self._order.messages, _BATCH):
            numbers = range(start, min(start + _BATCH, self._order.messages))
            await asyncio.gather(*[self._store.spool.accept(self._submission(number)) for number in numbers])

    def _submission(self, number: int) -> Submission:
        order, mint = self._order, self._store.mint
        body = letters.head(f"fill-{number}") + self._text
        content = Content(
            id=mint.next(), tenant=order.tenant, stream=order.kind, kind=order.kind, credential=order.credential,
            sender="from@bench.example", header_from="bench.example", size=len(body), accepted=self._now, body=body,
            recipients=order.recipients,
        )  # fmt: skip
        rows = tuple(self._row(content, place) for place in range(1, order.recipients + 1))
        return Submission(content, rows, tuple(pack(self._queued(content, row)) for row in rows))

    def _row(self, content: Content, number: int) -> Delivery:
        order = self._order
        return Delivery(
            message=content.id, number=number, tenant=order.tenant, stream=order.kind,
            priority=int(PRIORITY_OF[order.kind]), lane=order.domain, domain=order.domain,
            address=f"r{number}@{order.domain}", egress="default", due=self._now, born=self._now,
            expires=self._now + 432000, size=content.size, from_domain="bench.example",
        )  # fmt: skip

    def _queued(self, content: Content, row: Delivery) -> Event:
        return Event(
            id=self._store.mint.next(), at=self._now, kind="queued", tenant=row.tenant, stream=row.stream,
            message=content.id, number=row.number, recipient=row.address, credential=content.credential, size=content.size,
        )  # fmt: skip


async def fill(order: Order) -> float:
    """Open the store as its owner, fill it, close it; return seconds."""
    began = time.monotonic()
    store = await open_store(order.url, free_disk=100_000_000)
    try:
        await Filler(order, store).run()
    finally:
        await store.close()
    return time.monotonic() - began


if __name__ == "__main__":
    print(uvloop.run(fill(Order(**json.loads(sys.argv[1])))))
