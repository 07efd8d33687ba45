"""What every reader of the log may rely on: nothing is skipped, nothing counts twice, and what is gone is told."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from estafette.events.reader import PATIENCE, follow, prune, read_on
from estafette.store.sqlite.history import SqliteHistory

from .kit import START, event


class Notebook:
    """A reader whose transaction is a line of Python."""

    name = "notebook"

    def __init__(self) -> None:
        self.place = 0
        self.seen: list[int] = []
        self.moved = asyncio.Event()
        self.crash_before_moving = False

    async def position(self) -> int:
        return self.place

    async def take(self, events, upto):
        if self.crash_before_moving:
            self.crash_before_moving = False
            raise ConnectionError
        self.seen += [position for position, _ in events if position > self.place]
        self.place = upto
        self.moved.set()


@pytest.fixture
async def history(tmp_path):
    opened = SqliteHistory(tmp_path)
    yield opened
    await opened.close()


async def fill(history, first, last):
    await history.append([(n, event(n, 1, "queued")) for n in range(first, last + 1)])


async def test_a_reader_goes_on_where_its_transaction_left_it(history):
    notebook = Notebook()
    await fill(history, 1, 25)
    assert await read_on(history, notebook, 10) == 10
    notebook.crash_before_moving = True
    with pytest.raises(ConnectionError):
        await read_on(history, notebook, 10)
    while await read_on(history, notebook, 10):
        pass
    assert notebook.seen == list(range(1, 26))


async def test_following_takes_what_comes_later(history):
    notebook = Notebook()
    await fill(history, 1, 3)
    task = asyncio.create_task(follow(history, notebook, every=0.01, limit=2))
    await fill(history, 4, 9)
    async with asyncio.timeout(10):
        while len(notebook.seen) < 9:
            notebook.moved.clear()
            await notebook.moved.wait()
    task.cancel()
    assert notebook.seen == list(range(1, 10))


async def test_what_the_slowest_reader_has_not_read_is_kept(history):
    quick, slow = Notebook(), Notebook()
    await fill(history, 1, 20)
    await read_on(history, quick)
    await read_on(history, slow, 5)
    assert await prune(history, [quick, slow], START + 1) == 5
    assert await prune(history, [quick, slow], START + 1) == 0
    await read_on(history, slow)
    assert slow.seen == list(range(1, 21))
    assert await prune(history, [quick, slow], START + 1) == 15


async def test_a_reader_that_is_too_slow_is_told_what_it_missed(history):
    slow = Notebook()
    await fill(history, 1, 20)
    await read_on(history, slow, 5)
    assert await prune(history, [slow], START + PATIENCE) == 5
    assert await prune(history, [slow], START + PATIENCE + 1) == 15
    await fill(history, 21, 22)
    with capture_logs() as said:
        await read_on(history, slow)
    assert [(each["event"], each["after"], each["upto"]) for each in said] == [("reader_missed_events", 5, 20)]
    assert slow.seen == [1, 2, 3, 4, 5, 21, 22]


async def test_a_reader_that_begins_has_missed_nothing(history):
    await fill(history, 1, 20)
    await prune(history, [], START + 1)
    await fill(history, 21, 21)
    begins = Notebook()
    with capture_logs() as said:
        await read_on(history, begins)
    assert said == []
    assert begins.seen == [21]
