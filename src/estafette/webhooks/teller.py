"""Tells events to webhooks: to all who keep up at once, and to those who have fallen behind from where they stand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from estafette.base.clock import Clock
from estafette.model.event import Event
from estafette.model.webhook import Call, LogReader
from estafette.store.interface.history import EventFilter, History
from estafette.store.interface.webhooks import Webhooks
from estafette.webhooks import making
from estafette.webhooks.form import Origin
from estafette.webhooks.making import Placed
from estafette.webhooks.outlet import Chain, Outlet, in_line
from estafette.webhooks.stock import Stock

#: Rows of pending calls of one webhook; beyond, its events stay in the log until there is room again.
MOST_PENDING = 10_000


class Teller:
    """Turns events into calls under way, and into rows where others wait before them.

    personal: whether mail of (tenant, stream) is its sender's alone. origins: what events do not say of messages.
    free: chains under way that no row speaks of.
    """

    def __init__(
        self, *, webhooks: Webhooks, history: History, stock: Stock, clock: Clock, new_id: Callable[[], str],
        personal: Callable[[str, str], bool], origins: Callable[[Sequence[int]], Awaitable[Mapping[int, Origin]]],
    ) -> None:  # fmt: skip
        self._webhooks, self._history, self._stock, self._clock = webhooks, history, stock, clock
        self._new_id, self._personal, self._origins = new_id, personal, origins
        self.free = 0

    async def tell(self, events: Sequence[Placed], main: LogReader) -> tuple[list[Call], list[LogReader]]:
        """Give a batch to all who keep up; return rows to write, and readers for those who do not any more."""
        away = {each.webhook for each in self._stock.readers.values() if not each.stop}
        tenants = self._stock.by_tenant()
        mine: dict[str, list[Placed]] = {}
        for place, event in events:
            if event.tenant in tenants:
                mine.setdefault(event.tenant, []).append((place, event))
        rows: list[Call] = []
        left: list[LogReader] = []
        for tenant, placed in mine.items():
            for outlet in tenants[tenant]:
                if outlet.webhook.id in away:
                    continue
                if outlet.pending > MOST_PENDING:
                    reader = LogReader(id=self._new_id(), webhook=outlet.webhook.id, cursor=main.cursor)
                    self._stock.readers[reader.id] = reader
                    left.append(reader)
                else:
                    rows += await self._give(outlet, placed)
        return rows, left

    async def catch_up(self, main: LogReader, limit: int) -> tuple[list[Call], list[LogReader], list[str]]:
        """Read on for those who are behind the others; return rows, moved readers, and ids of those at their end."""
        rows: list[Call] = []
        moved: list[LogReader] = []
        finished: list[str] = []
        for reader in list(self._stock.readers.values()):
            outlet = self._stock.outlets.get(reader.webhook)
            if outlet is None or outlet.pending > MOST_PENDING // 2:
                continue
            stop = reader.stop or main.cursor
            wanted = EventFilter(tenant=outlet.webhook.tenant, since=reader.since, until=reader.until)
            page = await self._history.after(reader.cursor, limit, wanted)
            rows += await self._give(outlet, [each for each in page if each[0] <= stop])
            if len(page) < limit or page[-1][0] >= stop:
                finished.append(reader.id)
                del self._stock.readers[reader.id]
            else:
                after = self._stock.readers[reader.id] = msgspec.structs.replace(reader, cursor=page[-1][0])
                moved.append(after)
        return rows, moved, finished

    async def _give(self, outlet: Outlet, placed: Sequence[Placed]) -> list[Call]:
        """Make calls of events; return those that go to the tables, because others wait there before them."""
        wanted = [each for each in placed if outlet.webhook.hears(each[1])]
        origins = await self._origins_of(outlet, [event for _, event in wanted])
        now = self._clock.now()
        chains = making.calls(outlet.webhook, outlet.form, wanted, now=now, personal=self._personal, origins=origins)
        blocked: set[int] = set()
        if chains and outlet.pending:
            blocked = await asyncio.to_thread(self._webhooks.blocked, outlet.webhook.id, chains.keys())
        rows: list[Call] = []
        blocked |= outlet.stuck
        for message, calls in chains.items():
            if outlet.behind or message in blocked:
                rows += in_line(calls, None if message in blocked else now)
            else:
                self.free += outlet.add(Chain(calls))
        return rows

    async def _origins_of(self, outlet: Outlet, events: Sequence[Event]) -> Mapping[int, Origin]:
        if not outlet.form.origin or not events:
            return {}
        return await self._origins(list({event.message for event in events if event.message}))

    def put_down(self) -> list[Call]:
        """Return rows of all that is under way without: nothing of it is free any more."""
        rows: list[Call] = []
        for outlet in self._stock.outlets.values() if self.free else ():
            rows += outlet.put_down(self._clock.now())
        self.free = 0
        return rows
