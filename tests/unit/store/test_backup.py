"""Backup while running; restore holds."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.kit import START, done, submission

from estafette.base.errors import StoreFault
from estafette.model.rule import Filter
from estafette.store.ledger import ledger
from estafette.store.open import open_store, restore_store


async def filled(store):
    number = store.mint.next()
    writer = await store.spool.content_writer(number)
    writer.write(b"x" * 400_000)
    await writer.close()
    large = submission(id=number, body=b"", file=writer.name)
    gone = submission("gone@example.com")
    for each in (large, gone):
        await store.spool.accept(each)
    await store.spool.settle("w", {}, [done(gone.content.id)])
    return large


async def test_a_backup_under_load_is_consistent_and_restored_mail_is_held(store, tmp_path, clock):
    large = await filled(store)
    load = [asyncio.ensure_future(store.spool.accept(submission())) for _ in range(300)]
    await store.spool.backup(str(tmp_path / "b"))
    await asyncio.gather(*load)
    await store.spool.settle("w", {}, [done(large.content.id)])

    url = f"sqlite://{tmp_path}/r"
    waiting = restore_store(tmp_path / "b", url, clock=clock)
    restored = await open_store(url, clock=clock, free_disk=0)
    try:
        assert 1 <= waiting <= 301
        (rule,) = await restored.spool.rules()
        assert (rule.kind, rule.reason) == ("hold", "restored")
        rows = (await restored.spool.find(Filter(), limit=1000)).items
        assert len(rows) == waiting
        assert all(row.message < rule.filter.before for row in rows)
        new = restored.mint.next()
        assert new > max(rule.filter.before, store.mint.next())
        content = (await restored.spool.contents([large.content.id]))[large.content.id]
        with await restored.spool.open_body(content) as body:
            assert len(body.read()) == 400_000
        await restored.spool.flush()
        report = await ledger(restored.spool, restored.history)
        assert report.balanced, report.differences
    finally:
        await restored.close()


@pytest.mark.parametrize(("queue", "waiting", "cancelled"), [("drop", 0, 1), ("resume", 1, 0)])
async def test_the_other_ways_to_restore(store, tmp_path, clock, queue, waiting, cancelled):
    await filled(store)
    await store.spool.backup(str(tmp_path / "b"))
    url = f"sqlite://{tmp_path}/r"
    assert restore_store(tmp_path / "b", url, queue=queue, clock=clock) == waiting
    restored = await open_store(url, clock=clock, free_disk=0)
    try:
        await restored.spool.flush()
        report = await ledger(restored.spool, restored.history)
        assert report.balanced, report.differences
        assert (report.queued, report.cancelled, await restored.spool.rules()) == (waiting, cancelled, [])
    finally:
        await restored.close()


async def test_neither_overwrites_what_is_there(store, tmp_path, clock):
    await store.spool.backup(str(tmp_path / "b"))
    with pytest.raises(StoreFault, match="already"):
        await store.spool.backup(str(tmp_path / "b"))
    with pytest.raises(StoreFault, match="owns"):
        restore_store(tmp_path / "b", f"sqlite://{tmp_path}/d", clock=clock)
    with pytest.raises(StoreFault, match="no backup"):
        restore_store(tmp_path / "none", f"sqlite://{tmp_path}/n", clock=clock)
    assert clock.now() == START
