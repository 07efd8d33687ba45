"""What every keeper of raw hits does, in the process of the store and in others."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from estafette.model.tracking import RawHit

from .kit import START, mint


@pytest.fixture
async def hits(spool_factory):
    await spool_factory()
    return spool_factory.store.hits


def hit(message: int = 1, number: int = 1, at: float = START, **more) -> RawHit:
    fields: Any = {"link": 1, "url": "https://shop.test/a", "address": "192.0.2.1", "agent": "Mozilla/5.0"} | more
    return RawHit(mint.next(), at, "clicked", "t1", "main", message, number, **fields)


async def test_hits_are_read_back_whole_and_adding_twice_adds_once(hits):
    sent = [hit(tags=("a", "b"), campaign="spring", purpose="prefetch"), hit(at=START + 1)]
    await hits.add(sent)
    await hits.add([msgspec.structs.replace(sent[0], agent="changed"), sent[1]])
    assert await hits.between(START, START + 2) == sent
    assert await hits.between(START + 1, START + 2) == sent[1:]
    assert await hits.between(START, START + 1) == sent[:1]
    assert await hits.between(START, START + 2, limit=1) == sent[:1]


async def test_many_hits_go_in_one_call(hits):
    await hits.add([])
    sent = [hit(message=number % 700 + 1, at=START + number) for number in range(1_500)]
    await hits.add(sent)
    assert await hits.between(0, START + 1_500) == sent
    assert await hits.of_messages(range(1, 701)) == sent


async def test_of_one_copy_a_thousand_are_kept_however_often_it_is_asked_for(hits):
    flood = [hit(at=START + number) for number in range(1_200)]
    await hits.add(flood[:700])
    await hits.add([*flood[700:], hit(number=2)])
    kept = await hits.of_messages([1])
    assert sum(each.number == 1 for each in kept) == 1_000
    assert sum(each.number == 2 for each in kept) == 1


async def test_open_ones_come_oldest_first_and_whole_messages_at_a_time(hits):
    first, second, other, late = hit(1), hit(1, at=START + 5), hit(2, at=START + 3), hit(1, at=START + 60)
    await hits.add([late, second, other, first])
    assert await hits.open(START + 60) == [first, other, second]
    assert await hits.open(START + 60, limit=1) == [first, second]
    assert await hits.open(START) == []


async def test_a_final_hit_is_not_open_but_read_with_its_message(hits):
    first, second = hit(), hit(at=START + 1)
    await hits.add([first, second])
    await hits.close_up([first.id])
    assert await hits.open(START + 9) == [second]
    assert await hits.of_messages([1]) == [first, second] == await hits.between(START, START + 9)
    await hits.close_up([second.id, second.id, 4711])
    assert await hits.open(START + 9) == []


async def test_a_recipient_is_forgotten_and_no_other(hits):
    mine, also, theirs, elsewhere = hit(1, 1), hit(1, 1, at=START + 1), hit(1, 2), hit(2, 1)
    await hits.add([mine, also, theirs, elsewhere])
    assert await hits.forget([(1, 1), (9, 9)]) == 2
    assert await hits.of_messages([1, 2]) == [theirs, elsewhere]
    assert await hits.forget([(1, 1)]) == 0


async def test_old_hits_are_pruned_final_or_not(hits):
    old = [hit(message=number % 9, at=START + number / 10_000) for number in range(4_100)]
    young = hit(at=START + 1)
    await hits.add([*old, young])
    await hits.close_up([old[0].id])
    assert await hits.prune(START + 1) == 4_100
    assert await hits.between(0, START + 9) == [young]


async def test_hits_survive_a_restart(spool_factory):
    await spool_factory()
    sent = hit()
    await spool_factory.store.hits.add([sent])
    await spool_factory.close()
    await spool_factory()
    assert await spool_factory.store.hits.open(START + 1) == [sent]
