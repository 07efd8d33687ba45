"""What a suspension does to the mail that waits."""

from __future__ import annotations

import msgspec
import pytest
from tests.contract.kit import START, TestClock, submission

from estafette.model.rule import Filter, Rule
from estafette.model.suspension import Suspension
from estafette.relay.custody import LOOK_EVERY, Custody
from estafette.store.open import open_store

DAYS = 3 * 86_400.0


@pytest.fixture
def clock():
    return TestClock()


@pytest.fixture
async def store(tmp_path, clock):
    opened = await open_store(f"sqlite://{tmp_path}/d", clock=clock, free_disk=0)
    yield opened
    await opened.close()


@pytest.fixture
def custody(store, clock):
    return Custody(store.spool, clock, store.mint)


def suspension(**fields):
    return Suspension(**{"id": "s1", "tenant": "t1", "created": START, "until": START + DAYS, **fields})


async def kinds(store):
    return [rule.kind for rule in await store.spool.rules()]


@pytest.mark.parametrize("what", [{}, {"stream": "news"}, {"credential": "c2"}])
async def test_it_is_one_rule_that_names_it_and_ends_with_it(store, custody, what):
    for _ in range(3):
        await store.spool.accept(submission(**what))
        found = await custody.turn([suspension(**what)])
    assert len(found["s1"]) == 3
    (rule,) = await store.spool.rules()
    assert (rule.kind, rule.filter, rule.until) == ("hold", Filter(tenant="t1", **what), START + DAYS)
    await custody.turn([])
    assert await store.spool.rules() == []


async def test_of_what_was_told_no_message_is_looked_for(store, custody):
    await store.spool.accept(submission("a@example.com", "b@example.com"))
    assert len((await custody.turn([suspension()]))["s1"]) == 1
    assert await custody.turn([suspension(told=START)]) == {}


async def test_mail_kept_long_enough_is_cancelled_and_what_came_since_a_while_later(store, custody, clock):
    await store.spool.accept(submission(stream="news"))
    paused = suspension(stream="news", told=START)
    await custody.turn([paused])
    clock.moment += DAYS
    await custody.turn([paused])
    await custody.turn([paused])
    hold, cancel = await store.spool.rules()
    assert cancel.filter == msgspec.structs.replace(hold.filter, born_before=clock.now())
    await store.spool.lift_rules([cancel.id])
    await custody.turn([paused])
    assert await kinds(store) == ["hold"]
    clock.moment += LOOK_EVERY
    await custody.turn([paused])
    assert await kinds(store) == ["hold", "cancel"]


async def test_nothing_is_cancelled_where_nothing_waits(store, custody, clock):
    await store.spool.accept(submission())
    await custody.turn([suspension(stream="news", until=clock.now())])
    assert await kinds(store) == ["hold"]


async def test_what_is_released_leaves_and_is_never_cancelled(store, custody, clock):
    await store.spool.accept(submission())
    await custody.turn([suspension()])
    clock.moment += 2 * DAYS
    await custody.turn([suspension(until=0.0)])
    assert await kinds(store) == []


async def test_two_suspensions_of_one_stream_and_an_operators_hold_end_each_by_itself(store, custody):
    mine = Rule(id=store.mint.next(), kind="hold", filter=Filter(tenant="t1", stream="news"), by="root")
    await store.spool.add_rule(mine)
    both = [suspension(stream="news"), suspension(id="s2", stream="news")]
    await custody.turn(both)
    await custody.turn(both[1:])
    assert {rule.by for rule in await store.spool.rules()} == {"root", "suspension s2"}
    await custody.turn([])
    assert await store.spool.rules() == [mine]


async def test_a_cancel_that_is_decided_is_carried_out_although_the_suspension_is_lifted(store, custody, clock):
    await store.spool.accept(submission())
    await custody.turn([suspension(until=clock.now())])
    await custody.turn([])
    assert await kinds(store) == ["cancel"]
