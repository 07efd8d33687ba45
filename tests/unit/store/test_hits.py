"""Raw hits beside a history that an older release wrote."""

from __future__ import annotations

from tests.contract.kit import START, event

from estafette.model.tracking import RawHit
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.sqlite.hits import SqliteHits


async def test_a_history_without_hits_learns_to_keep_them(tmp_path):
    history = SqliteHistory(tmp_path)
    await history.append([(1, event(1, 1, "queued"))])
    await history.in_writer(lambda: history.writing().execute("DROP TABLE hit"))
    await history.close()
    history = SqliteHistory(tmp_path)
    await SqliteHits(history).add([RawHit(1, START, "opened", "t1", "main", 1, 1)])
    assert len(await SqliteHits(history).open(START + 1)) == len(await history.recent()) == 1
    await history.close()
