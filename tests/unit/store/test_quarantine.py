"""A damaged row is set aside and reported; its neighbours go on."""

from __future__ import annotations

import asyncio

import apsw
import pytest
from tests.contract.kit import START, feed, submission

from estafette.model.rule import Filter
from estafette.store.ledger import ledger


def damage(store, statement: str, *bindings) -> None:
    connection = apsw.Connection(str(store.folder / "spool.db"))
    connection.execute(statement, bindings)
    assert connection.changes() == 1
    connection.close()


async def settled(store, count: int):
    async with asyncio.timeout(5):
        while len(found := await store.spool.quarantined()) < count:  # noqa: ASYNC110 - damage is handled beside the read
            await asyncio.sleep(0.01)
    return found


@pytest.mark.parametrize(
    "statement",
    ["UPDATE content SET head = zeroblob(40) WHERE id = ?", "UPDATE content SET body = zeroblob(40) WHERE id = ?"],
)
async def test_a_damaged_content_leaves_the_queue_with_its_deliveries(store, statement):
    bad, good = submission("a@example.com", "b@example.com"), submission()
    for each in (bad, good):
        await store.spool.accept(each)
    damage(store, statement, bad.content.id)
    answer = await store.spool.contents([bad.content.id, good.content.id])
    assert answer == {good.content.id: good.content}
    found = await settled(store, 3)
    assert {each.message for each in found} == {bad.content.id}
    assert (await store.spool.find(Filter())).items == good.deliveries
    await store.spool.flush()
    report = await ledger(store.spool, store.history)
    assert report.balanced, report.differences
    assert report.failed == 2
    assert [each.reason for each in await store.history.recent(2)] == ["quarantined"] * 2


async def test_a_damaged_delivery_leaves_alone(store):
    sent = submission("a@example.com", "b@example.com")
    await store.spool.accept(sent)
    damage(store, "UPDATE delivery SET data = x'00' WHERE message = ? AND number = 1", sent.content.id)
    assert (await store.spool.take(feed(), until=START)).rows == [sent.deliveries[1]]
    (found,) = await settled(store, 1)
    assert (found.message, found.reason) == (sent.content.id, "delivery checksum differs")
    assert set(await store.spool.contents([sent.content.id])) == {sent.content.id}


async def test_a_sound_row_is_not_believed_to_be_damaged(store):
    sent = submission()
    await store.spool.accept(sent)
    await store.spool.quarantine(sent.content.id, 0, "hearsay")
    await store.spool.quarantine(sent.content.id, 1, "hearsay")
    assert await store.spool.quarantined() == []
    assert (await store.spool.find(Filter())).items == sent.deliveries
