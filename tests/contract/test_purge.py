"""What an operator purges is gone with the last recipient, however long its stream keeps contents."""

from tests.contract.kit import done, submission


async def test_a_purge_takes_the_content_with_the_last_recipient_a_cancel_does_not(spool):
    epochs = await spool.lease("w", 64)
    purged, cancelled = submission("a@example.com", "b@example.com", retention=100.0), submission(retention=100.0)
    for each in (purged, cancelled):
        await spool.accept(each)
    await spool.settle("w", epochs, [done(cancelled.content.id, kind="failed", reason="cancelled")])
    await spool.settle("w", epochs, [done(purged.content.id, 1, kind="failed", reason="purged")])
    numbers = [purged.content.id, cancelled.content.id]
    assert set(await spool.contents(numbers)) == set(numbers)
    await spool.settle("w", epochs, [done(purged.content.id, 2, kind="failed", reason="purged")])
    assert set(await spool.contents(numbers)) == {cancelled.content.id}
    assert (await spool.counts())["cancelled"] == 3
