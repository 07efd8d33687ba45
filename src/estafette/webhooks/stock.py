"""Every webhook that is called, as the tables have it now, and the calls that wait in them for their time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from estafette.base import log
from estafette.base.metrics import gauge
from estafette.base.seal import Keyring, SealBroken
from estafette.model.webhook import Call, LogReader, Webhook
from estafette.store.interface.webhooks import Webhooks
from estafette.webhooks import keys
from estafette.webhooks.keys import Keys
from estafette.webhooks.outlet import Chain, Outlet

#: Calls of one webhook that are taken out of the tables at once.
ROOM = 256
#: Seconds between two counts of what is pending, while something is.
COUNT_EVERY = 1.0

_pending = gauge("webhook_pending", "Calls of webhooks that wait for another attempt.")
_log = log.get("webhooks")


class Stock:
    """The webhooks in memory. made: an outlet for a webhook."""

    def __init__(self, webhooks: Webhooks, keyring: Keyring, made: Callable[[Webhook, Keys], Outlet]) -> None:
        self._webhooks = webhooks
        self._keyring = keyring
        self._made = made
        self._version: tuple[int, ...] = ()
        self._count_due = 0.0
        self._pending = True
        self.outlets: dict[str, Outlet] = {}
        self.readers: dict[str, LogReader] = {}

    async def refresh(self) -> bool:
        """Read what people changed since; return whether they did."""
        version = await asyncio.to_thread(self._webhooks.version)
        if version == self._version:
            return False
        active, readers = await asyncio.to_thread(lambda: (self._webhooks.active(), self._webhooks.readers()))
        known, self.outlets = self.outlets, {}
        for webhook in active:
            same = webhook.id in known and known[webhook.id].webhook.format == webhook.format
            self._keep(webhook, known.pop(webhook.id) if same else None)
        for gone in known.values():
            await gone.end(0.0)
        self.readers = {each.id: each for each in readers}
        self._version = version
        await self._count()  # before anything new is told: what waits in the tables goes first
        return True

    def forget(self) -> None:
        """Read everything again at the next look: what was changed in memory may not be in the tables."""
        self._version = ()

    def by_tenant(self) -> dict[str, list[Outlet]]:
        """Return the outlets of every tenant that has one."""
        found: dict[str, list[Outlet]] = {}
        for outlet in self.outlets.values():
            found.setdefault(outlet.webhook.tenant, []).append(outlet)
        return found

    def wrote(self, calls: Sequence[Call]) -> None:
        """Take notice of pending calls that were written; the next count is exact again."""
        self._pending = self._pending or bool(calls)
        for call in calls:
            if (outlet := self.outlets.get(call.webhook)) is not None:
                outlet.pending += 1

    async def refill(self, now: float, tick: float, unsettled: Callable[[], set[tuple[str, str]]]) -> int:
        """Take calls whose time has come out of the tables; return how many.

        tick: monotonic seconds. unsettled: calls that were made, while their rows do not say so yet.
        """
        if self._pending and tick >= self._count_due:
            self._count_due = tick + COUNT_EVERY
            await self._count()
        taken = 0
        for outlet in list(self.outlets.values()):
            if outlet.due is not None and outlet.due <= now and len(outlet.held()) <= ROOM // 2:
                taken += await self._take(outlet, now, unsettled)
        return taken

    async def _take(self, outlet: Outlet, now: float, unsettled: Callable[[], set[tuple[str, str]]]) -> int:
        name = outlet.webhook.id
        # Looked at before the tables: what is over meanwhile is in neither set afterwards, but in their answer.
        held = outlet.held() | {call for webhook, call in unsettled() if webhook == name}
        found = await asyncio.to_thread(self._webhooks.due, name, now, ROOM + len(held))
        fresh = [call for call in found if call.id not in held][:ROOM]
        for call in fresh:
            outlet.add(Chain([call], stored=True))
        outlet.behind = len(fresh) == ROOM
        if not outlet.behind:
            outlet.due = None  # until the next count says more
        return len(fresh)

    async def _count(self) -> None:
        found = await asyncio.to_thread(self._webhooks.backlogs)
        for name, outlet in self.outlets.items():
            backlog = found.get(name)
            outlet.pending, outlet.due = (backlog.pending, backlog.due) if backlog else (0, None)
        self._pending = bool(found)
        _pending.set(sum(each.pending for each in found.values()))

    def _keep(self, webhook: Webhook, outlet: Outlet | None) -> None:
        try:
            opened = keys.opened(self._keyring, webhook.id, webhook.sealed)
        except SealBroken as fault:
            _log.error("webhook_keys_unreadable", webhook=webhook.id, cause=fault.cause)
            return
        outlet = outlet or self._made(webhook, opened)
        outlet.webhook, outlet.keys = webhook, opened
        self.outlets[webhook.id] = outlet
