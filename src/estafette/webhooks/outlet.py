"""The calls of one webhook that are in memory: how many are under way at once, and that a message's leave in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from estafette.model.webhook import Call, Webhook
from estafette.webhooks.caller import Caller, Outcome
from estafette.webhooks.form import Form
from estafette.webhooks.keys import Keys


class Chain:
    """Calls of one message in their order. stored: rows of the tables say what is left of it."""

    def __init__(self, calls: Sequence[Call], *, stored: bool = False) -> None:
        self.message = calls[0].message
        self.left = deque(calls)
        self.stored = stored


class Made(msgspec.Struct, frozen=True):
    """A call after a request, or behind one that failed. stored: it has a row. outcome: None when it was not made."""

    call: Call
    stored: bool
    outcome: Outcome | None = None


class Outlet:
    """One webhook at work.

    judge: what a call becomes by an outcome. report: takes what was made. freed: called when a chain without rows has
    ended. behind: there is more in the tables than memory takes, so that new calls join them there. pending: rows of
    calls still to be made; due: when the first of them may be, as far as is known.
    """

    def __init__(
        self, webhook: Webhook, keys: Keys, form: Form, *, caller: Caller, judge: Callable[[Call, Outcome], Call],
        report: Callable[[Made], None], freed: Callable[[], None],
    ) -> None:  # fmt: skip
        self.webhook, self.keys, self.form = webhook, keys, form
        self.behind = False
        self.pending = 0
        self.due: float | None = None
        self._caller, self._judge, self._report, self._freed = caller, judge, report, freed
        #: Messages of which a call failed since the last settlement: what follows must wait for it in the tables.
        self.stuck: set[int] = set()
        self._ready: deque[Chain] = deque()
        self._open: dict[int, Chain] = {}
        self._active: list[Chain] = []
        self._workers = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, chain: Chain) -> bool:
        """Take a chain over: its calls are made as soon as there is room; False when they joined another one's."""
        if not chain.stored:
            before = self._open.setdefault(chain.message, chain)
            if before is not chain:
                before.left.extend(chain.left)
                return False
        self._ready.append(chain)
        if self._workers < self.webhook.concurrency:
            self._workers += 1
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return True

    def held(self) -> set[str]:
        """Return the ids of all calls in memory."""
        return {call.id for chain in (*self._ready, *self._active) for call in chain.left}

    def put_down(self, now: float) -> list[Call]:
        """Return the rows of every call that has none yet; of those, what is under way stays so, the rest is let go."""
        rows = []
        for chain in (*self._active, *self._ready):
            if not chain.stored:
                rows += in_line(chain.left, now)
                chain.stored = True
        self.behind = self.behind or bool(self._ready)
        self._ready.clear()
        self._open.clear()
        return rows

    async def end(self, within: float) -> None:
        """Let go of what is ready, and wait for what is under way."""
        self._ready.clear()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._ready:
                await self._finish(self._taken())
        finally:
            self._workers -= 1

    async def _finish(self, chains: list[Chain]) -> None:
        self._active += chains
        try:
            while any(chain.left for chain in chains):
                await self._request(chains)
        finally:
            for chain in chains:
                self._over(chain)

    def _over(self, chain: Chain) -> None:
        self._active.remove(chain)
        if not chain.stored:
            del self._open[chain.message]
            self._freed()

    def _taken(self) -> list[Chain]:
        """Return what the next requests carry: a call that failed before goes alone, so that it holds back no other."""
        chains = [self._ready.popleft()]
        size = len(chains[0].left)
        while self._ready and _fresh(chains[-1]) and _fresh(self._ready[0]):
            size += len(self._ready[0].left)
            if size > self.form.group:
                break
            chains.append(self._ready.popleft())
        return chains

    async def _request(self, chains: list[Chain]) -> None:
        calls = [call for chain in chains for call in chain.left][: self.form.group]
        outcome = await self._caller.make(self.webhook.url, self.form, self.keys, calls)
        carried = {call.id for call in calls}
        for chain in chains:
            self._conclude(chain, outcome, carried)

    def _conclude(self, chain: Chain, outcome: Outcome, carried: set[str]) -> None:
        failed = False
        while not failed and chain.left and chain.left[0].id in carried:
            after = self._judge(chain.left.popleft(), outcome)
            self._report(Made(after, chain.stored, outcome))
            failed = after.state == "pending"
        if failed:
            self.stuck.add(chain.message)
        if failed or chain.stored:
            self._leave(chain)

    def _leave(self, chain: Chain) -> None:
        """Leave the rest of a chain to the tables: it waits there for the end of the call before it."""
        if not chain.stored:
            for call in in_line(chain.left, None):
                self._report(Made(call, stored=False))
        chain.left.clear()


def in_line(calls: Sequence[Call], now: float | None) -> list[Call]:
    """Return calls of one message with the time of the first, None when another one is before it; the rest wait."""
    return [msgspec.structs.replace(call, due=None if place else now) for place, call in enumerate(calls)]


def _fresh(chain: Chain) -> bool:
    return not chain.left[0].tried
