"""The forwarder: carries acts from this machine's disk to the store, as soon as it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from estafette.base import log
from estafette.base.errors import StoreUnavailable
from estafette.base.ids import Mint
from estafette.base.records import RecordFile, read
from estafette.events.acts import Act, Counted, packed, unpacked
from estafette.events.buffer import Buffer
from estafette.events.crowd import restarted

#: Seconds between two turns while nobody waits for one, and after one that failed.
EVERY = 0.5
AGAIN_AFTER = 1.0
#: Seconds that a process which drains spends on a last turn.
LAST = 2.0
#: Turns after which a file that the store refuses, though it answers, is set aside.
TRIES = 30
#: Acts handed over at once.
AT_ONCE = 500
#: Seconds between two looks for files that another process left behind.
LOOK_EVERY = 30.0

_log = log.get("events.forwarder")
#: Hands acts to the store, safe to repeat; returns when they are durable there. Without acts: whether it was reached.
Deliver = Callable[[Sequence[Act]], Awaitable[None]]


class Forwarder:
    """One for each buffer. What was handed over twice, after a crash between the two, is known by its ids."""

    def __init__(self, buffer: Buffer, mint: Mint, deliver: Deliver) -> None:
        self._buffer = buffer
        self._mint = mint
        self._deliver = deliver
        self._refusals = 0
        self._silent = False
        self._turning = asyncio.Lock()

    async def run(self) -> None:
        """Carry until cancelled."""
        look = 0.0
        loop = asyncio.get_running_loop()
        while True:
            if loop.time() >= look:
                look = loop.time() + LOOK_EVERY
                if count := await self._buffer.adopt():
                    _log.warning("acts_left_behind", files=count)
            if await self.turn():
                await self._pause(EVERY)
            else:
                await asyncio.sleep(AGAIN_AFTER)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._buffer.urgent.wait()
        except TimeoutError:
            pass

    async def end(self) -> None:
        """Carry a last time, as long as a process that drains may wait."""
        try:
            async with asyncio.timeout(LAST):
                await self.turn()
        except TimeoutError:
            pass

    async def turn(self) -> bool:
        """Carry over everything that is kept now; False when the store did not take it."""
        async with self._turning:
            return await self._turn()

    async def _turn(self) -> bool:
        self._buffer.urgent.clear()
        while (file := await self._buffer.oldest()) is not None:
            try:
                await self._carry(file)
            except Exception as error:  # whatever it is, the acts are safe here and hits are answered
                await self._failed(file, error)
                return False
            self._silent, self._refusals = False, 0
            await self._buffer.done(file)
        return True

    async def _carry(self, file: RecordFile) -> None:
        await self._deliver(())  # whoever is not there is not worth reading a file for
        acts = unpacked(await asyncio.to_thread(lambda: list(read(file.path))))
        counted = [act for act in acts if isinstance(act, Counted)]
        if counted:
            acts = restarted(self._mint, counted)
            await asyncio.to_thread(file.become, list(map(packed, acts)))
        for start in range(0, len(acts), AT_ONCE):
            await self._deliver(acts[start : start + AT_ONCE])

    async def _failed(self, file: RecordFile, error: Exception) -> None:
        if not isinstance(error, StoreUnavailable):
            self._refusals += 1
        if not self._silent:
            _log.warning("acts_wait_for_the_store", file=file.path.name, cause=str(error))
        self._silent = True
        if self._refusals >= TRIES:
            _log.error("acts_set_aside", file=file.path.name, cause=str(error))
            self._refusals = 0
            await self._buffer.set_aside(file)
