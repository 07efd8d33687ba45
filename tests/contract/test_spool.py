"""What every spool does, whatever is below it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from estafette.base.errors import StoreFault
from estafette.model.event import EVENT_KINDS, unpack
from estafette.model.journey import ENDS
from estafette.model.rule import SUSPENSION, Filter, Rule
from estafette.store.interface.spool import SHARDS
from estafette.store.ledger import ledger

from .kit import START, defer, done, event, feed, mint, submission

LATER = START + 1_000_000


async def everything(spool):
    epochs = await spool.lease("w", SHARDS)
    return dict(epochs)


async def kinds(spool):
    return [unpack(blob).kind for _, blob in await spool.outbox(0, 10_000)]


async def test_what_was_accepted_is_read_back_whole(spool):
    sent = submission("ann@example.com", "joe@example.org", body=bytes(range(256)) * 40, subject="Grüße", tags=("a",))
    await spool.accept(sent)
    assert await spool.contents([sent.content.id]) == {sent.content.id: sent.content}
    assert tuple((await spool.find(Filter())).items) == sent.deliveries


async def test_it_survives_a_restart(spool_factory):
    spool = await spool_factory()
    sent = submission()
    await spool.accept(sent)
    await spool_factory.close()
    spool = await spool_factory()
    assert (await spool.contents([sent.content.id]))[sent.content.id] == sent.content
    assert (await spool.take(feed(), until=LATER)).rows == list(sent.deliveries)


async def test_a_spoiled_submission_fails_alone(spool):
    first = submission()
    await spool.accept(first)
    others = [submission() for _ in range(5)]
    twice = msgspec.structs.replace(submission(), deliveries=submission().deliveries * 2)
    results = await asyncio.gather(
        *(asyncio.ensure_future(spool.accept(each)) for each in (others[0], twice, *others[1:])), return_exceptions=True
    )
    assert isinstance(results[1], StoreFault)
    assert [result for result in results if result is not None] == [results[1]]
    assert await spool.contents([twice.content.id]) == {}
    assert (await spool.counts())["queued"] == 6


async def test_many_submissions_are_accepted_together_each_as_it_was(spool_factory):
    spool = await spool_factory()
    many = [submission(f"{number}@example.com", body=b"x" * number) for number in range(150)]
    await spool.accept_many(many)
    await spool_factory.close()
    spool = await spool_factory()
    assert await spool.contents([each.content.id for each in many]) == {each.content.id: each.content for each in many}
    assert (await spool.take(feed(), until=LATER)).rows == [row for each in many for row in each.deliveries]
    assert (await spool.counts())["accepted"] == 150
    assert len(await spool.outbox(0)) == 150


async def test_of_many_submissions_all_are_kept_or_none(spool):
    many = [submission() for _ in range(5)]
    twice = msgspec.structs.replace(submission(), deliveries=submission().deliveries * 2)
    with pytest.raises(StoreFault):
        await spool.accept_many([*many, twice])
    assert await spool.contents([each.content.id for each in many]) == {}
    assert (await spool.counts())["queued"] == 0
    await spool.accept_many(many)
    assert (await spool.counts())["queued"] == 5


async def test_take_reads_in_order_after_a_key_and_only_what_is_due(spool):
    sent = [submission(due=START + step) for step in (30, 10, 20, 40)]
    for each in sent:
        await spool.accept(each)
    rows = (await spool.take(feed(), until=START + 35)).rows
    assert [row.due - START for row in rows] == [10, 20, 30]
    last = rows[0]
    rows = (await spool.take(feed(), until=START + 35, after=(last.due, last.message, last.number), limit=1)).rows
    assert [row.due - START for row in rows] == [20]


async def test_take_leaves_out_what_rules_name(spool):
    held = submission(campaign="spring")
    free = submission()
    for each in (held, free):
        await spool.accept(each)
    rule = Rule(id=mint.next(), kind="hold", filter=Filter(campaign="spring"))
    assert (await spool.take(feed(), until=LATER, exclude=[rule])).rows == list(free.deliveries)


@pytest.mark.parametrize("wanted", [{"stream": "news"}, {"credential": "c2"}])
async def test_a_stream_and_a_login_are_told_apart(spool, wanted):
    named, other = submission(tenant="t9", **wanted), submission(tenant="t9")
    for each in (named, other):
        await spool.accept(each)
    selection = Filter(tenant="t9", **wanted)
    assert (await spool.find(selection)).items == named.deliveries
    rule = Rule(id=mint.next(), kind="hold", filter=selection)
    assert (await spool.take(feed(tenant="t9"), until=LATER, exclude=[rule])).rows == list(other.deliveries)
    assert await spool.requeue(selection, START - 1) == 1
    assert [row.message for row in (await spool.take(feed(tenant="t9"), until=START - 1)).rows] == [named.content.id]


async def test_thousands_of_rules_on_messages_are_one_read(spool):
    held, called_back, free = submission(), submission(), submission()
    for each in (held, called_back, free):
        await spool.accept(each)
    rules = [
        Rule(id=mint.next(), kind="cancel", filter=Filter(tenant=tenant, message=number))
        for tenant in ("", "t1")
        for number in range(1, 3000)
    ]
    rules.append(Rule(id=mint.next(), kind="hold", filter=Filter(message=held.content.id)))
    rules.append(Rule(id=mint.next(), kind="cancel", filter=Filter(tenant="t1", message=called_back.content.id)))
    rules.append(Rule(id=mint.next(), kind="cancel", filter=Filter(tenant="t2", message=free.content.id)))
    assert (await spool.take(feed(), until=LATER, exclude=rules)).rows == list(free.deliveries)


async def test_take_says_where_to_go_on_however_little_the_rules_leave(spool):
    for number in range(6):
        recipients = [f"a{number}-{place}@example.com" for place in range(2000)]
        await spool.accept(submission(*recipients, campaign="" if number == 5 else "spring"))
    rule = Rule(id=mint.next(), kind="hold", filter=Filter(campaign="spring"))
    taken = await spool.take(feed(), until=LATER, exclude=[rule], limit=100)
    found = list(taken.rows)
    while taken.after is not None:
        assert len(taken.rows) <= 100
        taken = await spool.take(feed(), until=LATER, after=taken.after, exclude=[rule], limit=100)
        found.extend(taken.rows)
    assert sorted(row.address for row in found) == sorted(f"a5-{place}@example.com" for place in range(2000))


async def test_done_ends_a_row_with_its_event_and_a_second_is_a_fact_not_an_error(spool):
    epochs = await everything(spool)
    sent = submission()
    await spool.accept(sent)
    number = sent.content.id
    await spool.settle("w", epochs, [done(number)])
    await spool.settle("another", {}, [done(number)])
    assert await kinds(spool) == ["queued", "delivered", "duplicate_delivery"]
    assert (await spool.counts())["queued"] == 0
    assert (await spool.counts())["duplicates"] == 1


async def test_what_follows_from_an_end_is_logged_with_it_once_and_ends_nothing(spool):
    epochs = await everything(spool)
    sent = submission()
    await spool.accept(sent)
    played = event(sent.content.id, 1, "complained", reason="simulated")
    ended = msgspec.structs.replace(done(sent.content.id), also=(played,))
    await spool.settle("w", epochs, [ended])
    await spool.settle("w", epochs, [ended])
    assert await kinds(spool) == ["queued", "delivered", "complained", "duplicate_delivery"]
    counts = await spool.counts()
    assert (counts["accepted"], counts["delivered"], counts["queued"]) == (1, 1, 0)


async def test_personal_content_goes_with_the_last_recipient_others_stay_for_their_time(spool):
    epochs = await everything(spool)
    personal = submission("a@example.com", "b@example.com")
    bulk = submission(retention=100.0)
    for each in (personal, bulk):
        await spool.accept(each)
    await spool.settle("w", epochs, [done(personal.content.id, 1), done(bulk.content.id)])
    assert set(await spool.contents([personal.content.id, bulk.content.id])) == {personal.content.id, bulk.content.id}
    await spool.settle("w", epochs, [done(personal.content.id, 2)])
    assert set(await spool.contents([personal.content.id, bulk.content.id])) == {bulk.content.id}
    assert await spool.sweep(START + 99) == 0
    assert await spool.sweep(START + 101) == 1
    assert await spool.contents([bulk.content.id]) == {}


async def test_content_stays_until_the_sender_was_told(spool):
    epochs = await everything(spool)
    sent = submission()
    await spool.accept(sent)
    await spool.settle("w", epochs, [done(sent.content.id, kind="bounced", notice=b"item")])
    (notice,) = await spool.notices(START)
    assert (notice.message, notice.number, notice.item) == (sent.content.id, 1, b"item")
    assert await spool.sweep(LATER) == 0
    told = msgspec.structs.replace(submission("bob@sender.test"), notices=((sent.content.id, 1),))
    await spool.accept(told)
    assert await spool.notices(LATER) == []
    await spool.sweep(LATER)
    assert await spool.contents([sent.content.id]) == {}


async def test_a_sender_is_told_at_most_once_an_hour_about_a_message(spool):
    epochs = await everything(spool)
    sent = submission("a@example.com", "b@example.com")
    await spool.accept(sent)
    number = sent.content.id
    await spool.settle("w", epochs, [done(number, 1, kind="bounced", notice=b"1")])
    await spool.accept(msgspec.structs.replace(submission(), notices=((number, 1),)))
    await spool.settle("w", epochs, [done(number, 2, kind="bounced", notice=b"2")])
    assert await spool.notices(START + 3599) == []
    assert [notice.item for notice in await spool.notices(START + 3600)] == [b"2"]


async def test_a_deferral_moves_the_row_and_counts_the_attempt(spool):
    epochs = await everything(spool)
    sent = submission()
    await spool.accept(sent)
    await spool.settle("w", epochs, [defer(sent.content.id, notified=1)])
    await spool.settle("w", epochs, [defer(sent.content.id, spent=False)])
    (row,) = (await spool.find(Filter())).items
    assert (row.due, row.attempts, row.last, row.notified) == (START + 300, 1, "450 busy", 1)


async def test_a_deferral_of_a_courier_that_lost_its_shard_is_not_applied(spool):
    old = await everything(spool)
    sent = submission()
    await spool.accept(sent)
    await spool.release("w")
    await spool.lease("other", SHARDS)
    await spool.settle("w", old, [defer(sent.content.id)])
    (row,) = (await spool.find(Filter())).items
    assert (row.due, row.attempts) == (START, 0)
    await spool.settle("w", old, [done(sent.content.id)])
    assert (await spool.find(Filter())).items == ()


async def test_leases_share_shards_without_overlap(spool):
    first = await spool.lease("a", SHARDS // 2)
    second = await spool.lease("b", SHARDS)
    assert len(first) == len(second) == SHARDS // 2
    assert not set(first) & set(second)
    await spool.release("a")
    again = await spool.lease("b", SHARDS)
    assert set(again) == set(range(SHARDS))
    assert all(again[shard] > first[shard] for shard in first)


async def test_arrivals_wake_the_courier_that_owns_them(spool):
    await everything(spool)
    missed = submission()
    await spool.accept(missed)
    wakes = spool.wakes("w")
    first = await anext(wakes)
    assert first.reread, "what was pushed to nobody must be read"
    assert first.rules, "a rule made before anybody listened must be read"
    waiting = asyncio.ensure_future(anext(wakes))
    sent = submission()
    await spool.accept(sent)
    assert (await waiting).deliveries == sent.deliveries
    waiting = asyncio.ensure_future(anext(wakes))
    await asyncio.sleep(0)
    await spool.add_rule(Rule(id=mint.next(), kind="hold", filter=Filter(tenant="t9")))
    assert (await waiting).rules
    await wakes.aclose()


async def test_feeds_sum_up_what_waits(spool):
    await everything(spool)
    for due in (5, 3):
        await spool.accept(submission("a@example.com", "b@example.org", due=START + due))
    summaries = {each.feed: (each.count, each.due) for each in await spool.feeds("w")}
    assert summaries == {feed(): (2, START + 3), feed("example.org"): (2, START + 3)}


async def test_feeds_beyond_one_page_are_summed_up_too(spool):
    await everything(spool)
    domains = [f"d{number:03}.example" for number in range(450)]
    await spool.accept(submission(*[f"a@{domain}" for domain in domains]))
    await spool.accept(submission("b@d007.example"))
    counts = {each.feed.lane: each.count for each in await spool.feeds("w")}
    assert counts == dict.fromkeys(domains, 1) | {"d007.example": 2}


async def test_placing_moves_rows_and_those_to_come(spool):
    before = submission("a@example.com", "b@example.org")
    await spool.accept(before)
    await spool.place({"example.com": "big"})
    await spool.accept(submission("c@example.com"))
    assert [row.address for row in (await spool.take(feed("big"), until=LATER)).rows] == [
        "a@example.com",
        "c@example.com",
    ]
    assert (await spool.take(feed(), until=LATER)).rows == []
    await spool.place({"example.com": "other"})
    assert len((await spool.take(feed("other"), until=LATER)).rows) == 2


async def test_placing_a_long_lane_moves_all_of_it_and_has_it_read(spool):
    await everything(spool)
    wakes = spool.wakes("w")
    await anext(wakes)
    for number in range(3):
        await spool.accept(submission(*[f"a{number}-{place}@example.com" for place in range(1500)]))
        assert len((await anext(wakes)).deliveries) == 1500
    await spool.place({"example.com": "big"})
    pushed, reread = 0, False
    while not reread:
        wake = await anext(wakes)
        pushed, reread = pushed + len(wake.deliveries), wake.reread
    assert 0 < pushed < 4500
    assert len((await spool.take(feed("big"), until=LATER, limit=5000)).rows) == 4500
    assert (await spool.take(feed(), until=LATER)).rows == []
    await wakes.aclose()


async def test_rules_survive_a_restart_until_lifted(spool_factory):
    spool = await spool_factory()
    rule = Rule(id=mint.next(), kind="hold", filter=Filter(tenant="t1", campaign="c"), reason="test")
    await spool.add_rule(rule)
    await spool_factory.close()
    spool = await spool_factory()
    assert await spool.rules() == [rule]
    assert await spool.remove_rules("hold", Filter(tenant="t2")) == 0
    assert await spool.remove_rules("cancel", Filter()) == 0
    assert await spool.remove_rules("hold", Filter(tenant="t1")) == 1
    assert await spool.rules() == []


async def test_the_rule_of_a_suspension_survives_a_restart_and_every_release_of_the_queue(spool_factory):
    spool = await spool_factory()
    selection = Filter(tenant="t1", stream="news", credential="c2")
    rule = Rule(id=mint.next(), kind="hold", filter=selection, by=f"{SUSPENSION}s1", until=LATER)
    await spool.add_rule(rule)
    await spool_factory.close()
    spool = await spool_factory()
    assert await spool.remove_rules("hold", Filter()) == 0
    assert await spool.rules() == [rule]
    assert rule.suspension == "s1"
    await spool.lift_rules([rule.id])
    assert await spool.rules() == []


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        (Filter(), 3),
        (Filter(domain="example.org"), 1),
        (Filter(recipient="ANN@example.com"), 1),
        (Filter(tenant="t2"), 1),
        (Filter(tenant="t2", domain="example.org"), 0),
        (Filter(campaign="c1"), 1),
        (Filter(from_domain="sender.test", site="example.org"), 1),
        (Filter(before=1), 0),
        (Filter(born_before=START), 0),
        (Filter(born_before=START + 1), 3),
    ],
)
async def test_find_and_requeue_match_every_field(spool, selection, count):
    await spool.accept(submission("ann@example.com", "joe@example.org", due=LATER))
    await spool.accept(submission("eve@example.com", tenant="t2", campaign="c1", due=LATER))
    page = await spool.find(selection)
    assert len(page.items) == count
    assert page.next is None
    assert await spool.requeue(selection, START) == count
    assert sum(row.due == START for row in (await spool.find(Filter())).items) == count


async def test_find_pages(spool):
    sent = submission(*(f"u{n}@example.com" for n in range(5)))
    await spool.accept(sent)
    first = await spool.find(Filter(), limit=3)
    second = await spool.find(Filter(), after=first.next, limit=3)
    assert (*first.items, *second.items) == sent.deliveries
    assert second.next is None


@pytest.mark.parametrize("size", [1, 3])
async def test_the_outbox_gives_each_event_once_in_order_also_in_small_pages(spool, size):
    sent = [submission("a@example.com", "b@example.com") for _ in range(4)]
    await asyncio.gather(*(asyncio.ensure_future(spool.accept(each)) for each in sent[:3]))
    await spool.accept(sent[3])
    whole = await spool.outbox(0, 100)
    assert sorted(blob for _, blob in whole) == sorted(blob for each in sent for blob in each.events)
    paged, position = [], 0
    while page := await spool.outbox(position, size):
        paged.extend(page)
        position = page[-1][0]
    assert paged == list(whole)


async def test_a_large_body_rests_in_a_file(spool):
    number = mint.next()
    writer = await spool.content_writer(number)
    pieces = [bytes([n]) * 300_000 for n in range(5)]
    for piece in pieces:
        writer.write(piece)
    await writer.close()
    sent = submission(id=number, body=b"", file=writer.name)
    await spool.accept(sent)
    content = (await spool.contents([number]))[number]
    with await spool.open_body(content) as body:
        assert body.read() == b"".join(pieces)
    await spool.settle("w", await everything(spool), [done(number)])
    await spool.accept(submission())  # the file goes after the answer, but before the next commit
    with pytest.raises(FileNotFoundError):
        await spool.open_body(content)


async def test_what_came_back_is_kept_once_and_not_delivered(spool):
    back = submission(retention=50.0).content
    fact = event(back.id, 0, "unknown", reason="dsn_unread")
    await spool.keep_return(back, fact)
    await spool.keep_return(back, fact)
    assert (await spool.find(Filter())).items == ()
    assert await kinds(spool) == ["unknown"]
    assert await spool.sweep(START + 51) == 1


async def test_the_ledger_balances_from_both_sides(spool_factory):
    spool = await spool_factory()
    epochs = await everything(spool)
    sent = submission(*(f"u{n}@example.com" for n in range(6)))
    await spool.accept(sent)
    number = sent.content.id
    ends = [
        done(number, 1),
        done(number, 2, "sent"),
        done(number, 3, "bounced"),
        done(number, 4, "failed", reason="expired"),
    ]
    await spool.settle("w", epochs, [*ends, done(number, 5, "failed", reason="cancelled"), defer(number, 6)])
    await spool.flush()
    report = await ledger(spool, spool_factory.store.history)
    assert report.balanced, report.differences
    assert (report.accepted, report.queued, report.cancelled, report.failed) == (6, 1, 1, 1)


async def test_an_end_that_is_no_end_is_refused(spool):
    sent = submission()
    await spool.accept(sent)
    with pytest.raises(StoreFault, match="cannot end"):
        await spool.settle("w", {}, [done(sent.content.id, kind="opened")])
    assert len((await spool.find(Filter())).items) == 1


async def test_what_waits_is_summed_up_by_tenant_and_a_message_counts_its_octets_once(spool):
    await spool.accept(submission("ann@example.com", "joe@example.org", body=b"x" * 1000))
    await spool.accept(submission(tenant="t2", body=b"y" * 10))
    assert dict(await spool.waiting()) == {"t1": (2, 1000), "t2": (1, 10)}


@pytest.mark.parametrize("kind", sorted(EVENT_KINDS - ENDS))
async def test_no_recipient_ends_with_an_event_that_ends_nothing(spool, kind):
    sent = submission()
    await spool.accept(sent)
    with pytest.raises(StoreFault):
        await spool.settle("w", {}, [done(sent.content.id, kind=kind)])
    assert (await spool.counts())["queued"] == 1


@pytest.mark.parametrize("kind", sorted(ENDS))
async def test_no_recipient_waits_on_with_an_event_that_ended_it(spool, kind):
    sent = submission()
    await spool.accept(sent)
    wrong = msgspec.structs.replace(defer(sent.content.id), event=event(sent.content.id, 1, kind))
    with pytest.raises(StoreFault):
        await spool.settle("w", {}, [wrong])
    assert (await spool.counts())["queued"] == 1
