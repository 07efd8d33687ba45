"""Waiting for the log to grow."""

import asyncio

import pytest

from estafette.base.errors import StoreFault
from estafette.events.arrivals import Arrivals


class Log:
    """Counts how often it is looked at; the first look finds a store that does not answer."""

    def __init__(self):
        self.reached = 0
        self.looks = 0

    async def position(self):
        self.looks += 1
        if self.looks == 1:
            raise StoreFault("away")
        return self.reached


@pytest.fixture
def log():
    return Log()


async def test_all_who_wait_share_one_look(log):
    arrivals = Arrivals(log, every=0.001)
    waiting = [asyncio.create_task(arrivals.beyond(place, 30)) for place in (1, 1, 2)]
    await asyncio.sleep(0)
    log.reached = 2
    assert await asyncio.gather(*waiting[:2]) == [True, True]
    looked = log.looks
    assert looked <= 3
    assert not waiting[2].done()
    log.reached = 3
    assert await waiting[2] is True


async def test_nobody_looks_when_nobody_waits(log):
    arrivals = Arrivals(log, every=0.001)
    assert await arrivals.beyond(0, 0.01) is False
    await arrivals._watch
    assert log.looks >= 1


async def test_closing_ends_every_wait(log):
    arrivals = Arrivals(log, every=0.001)
    waiting = asyncio.create_task(arrivals.beyond(0, 3600))
    await asyncio.sleep(0)
    await arrivals.close()
    assert await waiting is False
    assert await arrivals.beyond(0, 3600) is False
