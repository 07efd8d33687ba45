"""What every store does with messages that came back: each is read once, and what comes of it is written once."""

from __future__ import annotations

import apsw
import msgspec

from estafette.model.envelope import NOTIFY_NEVER
from estafette.model.event import LATE, unpack
from estafette.model.message import Asked, Content
from estafette.store.interface.spool import Notice, Read
from estafette.store.ledger import ledger

from .kit import START, done, event, mint, submission


def returned(**fields) -> Content:
    return msgspec.structs.replace(submission(retention=500.0).content, came_to=("r1@b.test",), **fields)


async def keep(spool, *contents: Content) -> None:
    for content in contents:
        await spool.keep_return(content, event(content.id, 0, "unknown", reason="dsn_unread"))


async def test_what_was_kept_is_unread_until_it_is_closed_and_its_events_are_written_once(spool):
    first, second = returned(), returned()
    await keep(spool, first, second)
    assert await spool.unread() == [(first.id, first), (second.id, second)]
    assert await spool.unread(9, first.id) == [(second.id, second)]
    assert await spool.unread(9, second.id) == []
    fact = event(7, 1, "bounced", reason=LATE)
    assert await spool.close_returns([Read(first.id, START + 9, (fact,))]) == 1
    assert await spool.close_returns([Read(first.id, START + 9, (event(7, 1, "bounced", reason=LATE),))]) == 0
    assert [number for number, _ in await spool.unread()] == [second.id]
    kinds = [unpack(blob).kind for _, blob in await spool.outbox(0)]
    assert kinds == ["unknown", "unknown", "bounced"]


async def test_it_is_removed_when_its_reader_said(spool):
    content = returned()
    await keep(spool, content)
    await spool.close_returns([Read(content.id, START + 20)])
    assert await spool.sweep(START + 19) == 0
    assert await spool.sweep(START + 21) == 1
    assert await spool.close_returns([Read(content.id, START + 20)]) == 0


async def test_a_late_notice_is_owed_only_while_its_message_is_kept_or_its_sender_remembered(spool):
    kept, letter, mailing = submission(kind="bulk", retention=900.0), submission(), submission(kind="bulk")
    await spool.accept_many([kept, letter, mailing])
    await spool.settle("w", {}, [done(each.content.id) for each in (kept, letter, mailing)])
    content = returned()
    await keep(spool, content)
    notices = tuple(Notice(each.content.id, 1, START, b"item") for each in (kept, letter, mailing))
    await spool.close_returns([Read(content.id, START + 20, (), notices)])
    assert [each.message for each in await spool.notices(START + 1)] == [kept.content.id, letter.content.id]
    await spool.sweep(START + 30 * 86400)
    assert kept.content.id in await spool.contents([kept.content.id])
    assert letter.content.id in await spool.remembered([letter.content.id])


async def test_of_a_letter_that_is_removed_only_its_sender_is_remembered_and_not_for_long(spool):
    letter = submission(subject="Contract", tags=("a",), metadata={"k": "v"}, campaign="spring", envid="E1",
                        asked=(Asked(1, NOTIFY_NEVER, "rfc822;a@b.test"),))  # fmt: skip
    await spool.accept(letter)
    await spool.settle("w", {}, [done(letter.content.id)])
    (stub,) = (await spool.remembered([letter.content.id, 7])).values()
    assert (stub.sender, stub.kind, stub.envid) == (letter.content.sender, "personal", "E1")
    assert stub.asked_of(1) == Asked(1, NOTIFY_NEVER, "rfc822;a@b.test")
    assert (stub.body, stub.subject, stub.tags, stub.metadata, stub.campaign) == (b"", "", (), {}, "")
    await spool.sweep(START + 8 * 86400)
    assert await spool.remembered([letter.content.id]) == {}


async def test_a_late_bounce_is_no_second_end_for_the_ledger(spool_factory):
    spool = await spool_factory()
    sent = submission()
    await spool.accept(sent)
    await spool.settle("w", {}, [done(sent.content.id)])
    content = returned()
    await keep(spool, content)
    late = event(sent.content.id, 1, "bounced", reason=LATE)
    await spool.close_returns([Read(content.id, START + 20, (late,))])
    assert (await ledger(spool, spool_factory.store.history)).balanced  # some of it in the outbox still
    await spool.flush()
    report = await ledger(spool, spool_factory.store.history)
    assert report.balanced, report.differences
    assert (report.delivered, report.bounced) == (1, 0)
    assert [each.kind for each in await spool_factory.store.history.of_recipients([(sent.content.id, 1)])] == [
        "queued", "delivered", "bounced",
    ]  # fmt: skip


async def test_events_of_recipients_are_found_one_by_one_or_for_all_of_a_message(spool_factory):
    spool = await spool_factory()
    sent, other = submission("a@x.test", "b@x.test"), submission("c@x.test")
    await spool.accept_many([sent, other])
    await spool.flush()
    history, number = spool_factory.store.history, sent.content.id
    assert [each.recipient for each in await history.of_recipients([(number, 2)])] == ["b@x.test"]
    both = await history.of_recipients([(number, 0), (other.content.id, 1), (other.content.id, 9)])
    assert sorted(each.recipient for each in both) == ["a@x.test", "b@x.test", "c@x.test"]
    assert await history.of_recipients([]) == []


async def test_a_damaged_one_is_named_and_holds_up_nobody(spool_factory):
    spool = await spool_factory()
    good, bad = returned(), returned(id=mint.next())
    await keep(spool, good, bad)
    await spool_factory.close()
    database = apsw.Connection(str(spool_factory.folder / "spool.db"))
    database.execute("UPDATE returned SET crc = crc - 1 WHERE id = ?", (bad.id,))
    database.close()
    spool = await spool_factory()
    assert await spool.unread() == [(good.id, good), (bad.id, None)]


async def test_messages_that_an_earlier_release_kept_are_unread(spool_factory):
    spool = await spool_factory()
    content = returned()
    await keep(spool, content)
    await spool_factory.close()
    database = apsw.Connection(str(spool_factory.folder / "spool.db"))
    database.execute("DROP INDEX returned_unread")
    database.execute("ALTER TABLE returned DROP COLUMN read")
    database.close()
    spool = await spool_factory()
    assert await spool.unread() == [(content.id, content)]


async def test_it_is_found_by_its_id_as_long_as_it_is_kept(spool):
    first, second = returned(route="r1", tenant="t1"), returned(handed=True)
    await keep(spool, first, second)
    assert await spool.returned([first.id, second.id, 7]) == {first.id: first, second.id: second}
    assert await spool.contents([first.id]) == {}
    heads = await spool.returned_heads([first.id, 7])
    assert heads == {first.id: msgspec.structs.replace(first, body=b"")}
    await spool.close_returns([Read(first.id, START + 1), Read(second.id, START + 9)])
    await spool.sweep(START + 2)
    assert await spool.returned([first.id, second.id]) == {second.id: second}
