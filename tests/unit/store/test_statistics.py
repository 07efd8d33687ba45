"""Counters beside a history that an older release wrote, and in a store that its clients read."""

from __future__ import annotations

import pytest
from tests.contract.kit import START, event

from estafette.events.reader import read_on
from estafette.reporting.desk import CountingDesk
from estafette.store.interface.statistics import HOUR, Cell
from estafette.store.sqlite import statistics as backend
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.sqlite.statistics import SqliteStatistics


@pytest.fixture
async def history(tmp_path):
    opened = SqliteHistory(tmp_path)
    yield opened
    await opened.close()


async def test_a_history_without_counters_is_counted_from_its_beginning(tmp_path):
    history = SqliteHistory(tmp_path)
    await history.append([(number, event(number, 1, "queued")) for number in range(1, 4)])
    for table in ("statistics_name", "statistics_hour", "statistics_day"):
        await history.in_writer(lambda table=table: history.writing().execute(f"DROP TABLE {table}"))
    await history.close()
    history = SqliteHistory(tmp_path)
    statistics = SqliteStatistics(history)
    while await read_on(history, CountingDesk(statistics, history)):
        pass
    rows = await statistics.read("t1", "all", since=0, until=int(START) + HOUR)
    assert [(row.measure, row.amount) for row in rows] == [("queued", 3)]
    await statistics.close()
    await history.close()


async def test_the_memory_of_names_is_bounded_and_forgetting_changes_nothing(history, monkeypatch):
    monkeypatch.setattr(backend, "_REMEMBERED", 5)
    statistics = SqliteStatistics(history)
    hour = int(START) // HOUR * HOUR
    cells = {Cell("t1", hour, "tag", f"tag-{number}", "queued"): 1 for number in range(1_200)}
    assert await statistics.add(0, 1, cells)
    assert await statistics.add(1, 2, cells)
    assert (await statistics.everything(0))[1] == dict.fromkeys(cells, 2)
    await statistics.close()


async def test_a_reader_that_was_never_asked_closes(history):
    await SqliteStatistics(history).close()
