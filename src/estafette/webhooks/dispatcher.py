"""The dispatcher: reads the event log once for all webhooks, and sees that every call is made.

An event is never skipped: the place up to which the log was read moves in the transaction that writes what is still to
be made of it. Calls that succeed at once leave no pending row behind; what is not answered within the grace of a turn
is written down and goes on, so that a slow endpoint holds up no other. After a crash the calls of one turn are made
again, under the same ids.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import StoreFault
from estafette.base.metrics import counter
from estafette.base.seal import Keyring
from estafette.model.webhook import AnyFormat, Call, LogReader, Webhook
from estafette.store.interface.history import History
from estafette.store.interface.webhooks import Settlement, Webhooks
from estafette.webhooks.books import Books, Ill
from estafette.webhooks.caller import Caller, Outcome
from estafette.webhooks.form import Form, Origin
from estafette.webhooks.keys import Keys
from estafette.webhooks.outlet import Made, Outlet
from estafette.webhooks.rules import Rules
from estafette.webhooks.stock import Stock
from estafette.webhooks.teller import Teller

#: Events of one reading of the log, at least and at most: as many as are told well within the grace.
FEWEST = 16
BATCH = 1_000
#: Seconds that a turn waits for its calls; then they are written down.
GRACE = 1.0
#: Seconds between two looks when there was nothing to do.
IDLE = 0.25
#: Seconds between two cleanings, and successes of a webhook that its log keeps.
PRUNE_EVERY = 15.0
KEPT = 1_000
#: Seconds between two notes of a place that moved while nobody was to be told, and for calls under way at the end.
NOTE_EVERY = 5.0
END_WITHIN = 3.0

_calls = counter("webhook_calls", "Calls of webhooks, by what came of them: done, again, gone.", "outcome")
_log = log.get("webhooks")


class Dispatcher:
    """Works for all tenants, in one process of the service.

    forms: what each format writes. personal: whether mail of (tenant, stream) is its sender's alone. origins: what
    events do not say of messages. disable: writes down that a webhook is called no more, and tells its tenant (blocks).
    """

    def __init__(
        self, *, webhooks: Webhooks, history: History, keyring: Keyring, caller: Caller, clock: Clock, rules: Rules,
        forms: Mapping[AnyFormat, Form], personal: Callable[[str, str], bool],
        origins: Callable[[Sequence[int]], Awaitable[Mapping[int, Origin]]],
        disable: Callable[[Webhook, str], object], new_id: Callable[[], str],
    ) -> None:  # fmt: skip
        self._webhooks, self._history, self._clock, self._rules = webhooks, history, clock, rules
        self._caller, self._forms, self._disable = caller, forms, disable
        self._stock = Stock(webhooks, keyring, self._outlet)
        self._teller = Teller(
            webhooks=webhooks, history=history, stock=self._stock, clock=clock, new_id=new_id, personal=personal,
            origins=origins,
        )  # fmt: skip
        self._books = Books(rules.disable_after)
        self._main: LogReader | None = None
        self._size = FEWEST
        self._bell = asyncio.Event()
        self._stopping = False
        self._noted_at = self._pruned_at = clock.monotonic()

    async def run(self) -> None:
        """Work until ``stop``."""
        while not self._stopping:
            try:
                if not await self.turn():
                    await self._pause(IDLE)
            except StoreFault as fault:
                _log.warning("webhooks_wait", cause=fault.cause)
                await self._again()
            except Exception as error:  # one bad turn must not be the last: the log is read again from its place
                _log.error("webhooks_failed", exc_info=error)
                await self._again()
        for outlet in self._stock.outlets.values():
            await outlet.end(END_WITHIN)
        await self._settle([], [], [])

    async def _again(self) -> None:
        self._stock.forget()
        await self._pause(1.0)

    def stop(self) -> None:
        """End after this turn."""
        self._stopping = True
        self._bell.set()

    async def turn(self) -> bool:
        """Read on, make calls, write down what came of them; return whether there was anything to do."""
        self._bell.clear()
        main = self._main = self._main or await self._begin()
        had_some = bool(self._stock.outlets)
        events = await self._history.after(main.cursor, self._size) if had_some else []
        reached = events[-1][0] if events else main.cursor if had_some else await self._history.position()
        if await self._stock.refresh() and not had_some and self._stock.outlets:
            return True  # somebody came between the two looks: nothing may be passed over
        rows, moved, finished = await self._teller.catch_up(main, self._size)
        more, readers = await self._teller.tell(events, main)
        rows += more
        moved += readers
        await self._drain()
        rows += self._teller.put_down()
        after = msgspec.structs.replace(main, cursor=reached)
        if events or (reached != main.cursor and self._clock.monotonic() >= self._noted_at + NOTE_EVERY):
            moved.append(after)
            self._noted_at = self._clock.monotonic()
        wrote = await self._settle(rows, moved, finished)
        self._main = after
        taken = await self._stock.refill(self._clock.now(), self._clock.monotonic(), self._books.open_ids)
        await self._prune()
        return bool(events or moved or wrote or taken)

    async def _begin(self) -> LogReader:
        """Return where reading stands; the first time, and after a restore of an older log, its end."""
        readers = await asyncio.to_thread(self._webhooks.readers)
        end = await self._history.position()
        found = next((each for each in readers if not each.id), LogReader(cursor=end))
        begun = msgspec.structs.replace(found, cursor=min(found.cursor, end))
        # At once: whoever dies before the first call must not begin at a later end.
        await asyncio.to_thread(self._webhooks.settle, Settlement(now=self._clock.now(), readers=[begun]))
        return begun

    async def _drain(self) -> None:
        """Wait until every call of this turn is over, at most for the grace."""
        until = self._clock.monotonic() + GRACE
        left = GRACE
        while self._teller.free and (left := until - self._clock.monotonic()) > 0:
            await self._pause(left)
            self._bell.clear()
        if left > GRACE * 0.75:
            self._size = min(self._size * 2, BATCH)
        elif left <= 0:
            self._size = max(self._size // 2, FEWEST)

    async def _settle(self, rows: Sequence[Call], readers: Sequence[LogReader], finished: Sequence[str]) -> bool:
        """Write until it is written: what was made must not be forgotten while the tables cannot be reached."""
        settlement, ill = self._books.close(self._stock.outlets, rows, readers, finished, self._clock.now())
        while settlement is not None:
            try:
                await asyncio.to_thread(self._webhooks.settle, settlement)
            except StoreFault as fault:
                _log.warning("webhooks_cannot_settle", cause=fault.cause)
                if self._stopping:  # nothing is lost: it is made once more
                    return False
                await asyncio.sleep(1.0)
            else:
                break
        for outlet in self._stock.outlets.values():
            outlet.stuck.clear()
        self._stock.wrote([call for call in (settlement.calls if settlement else ()) if call.state == "pending"])
        for each in ill:
            await self._switch_off(each)
        return settlement is not None

    async def _switch_off(self, ill: Ill) -> None:
        webhook = ill.outlet.webhook
        try:
            await asyncio.to_thread(self._disable, webhook, ill.why)
        except StoreFault as fault:  # a person changed it at this moment; the next failure asks again
            _log.info("webhook_not_disabled", webhook=webhook.id, cause=fault.cause)

    async def _prune(self) -> None:
        if self._clock.monotonic() >= self._pruned_at + PRUNE_EVERY:
            self._pruned_at = self._clock.monotonic()
            await asyncio.to_thread(self._webhooks.prune, self._clock.now() - self._rules.keep, KEPT)

    def _outlet(self, webhook: Webhook, keys: Keys) -> Outlet:
        form = self._forms[webhook.format]
        return Outlet(webhook, keys, form, caller=self._caller, judge=self._judge, report=self._note, freed=self._freed)

    def _judge(self, call: Call, outcome: Outcome) -> Call:
        return self._rules.judged(call, outcome, self._clock.now(), random.random())  # noqa: S311 - nothing secret

    def _note(self, made: Made) -> None:
        if made.outcome is not None:
            _calls.labels(made.outcome.verdict).inc()
        self._books.note(made)
        if made.stored:
            self._bell.set()

    def _freed(self) -> None:
        self._teller.free -= 1
        if self._teller.free <= 0:
            self._bell.set()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            pass
