"""The rules that slow are those of the paces in force, through restarts and for an older release unseen."""

from __future__ import annotations

import apsw
import pytest
from tests.contract.kit import START, TestClock

from estafette.model.pace import Pace
from estafette.model.rule import Filter, Rule
from estafette.relay.pace_rules import PaceRules
from estafette.store.open import open_store


@pytest.fixture
async def store(tmp_path):
    opened = await open_store(f"sqlite://{tmp_path}/d", clock=TestClock(), free_disk=0)
    yield opened
    await opened.close()


@pytest.fixture
def keeper(store):
    return PaceRules(store.spool, TestClock(), store.mint)


def pace(name="p1", **fields):
    return Pace(**{"id": name, "tenant": "t1", "stream": "news", "rule": "returns", "rate": 60.0, **fields})


async def test_it_is_one_rule_and_ends_with_its_pace(store, keeper):
    for _ in range(3):
        await keeper.turn([pace(site="mx.test", until=START + 9)])
    (rule,) = await store.spool.rules()
    assert (rule.kind, rule.filter) == ("slow", Filter(tenant="t1", stream="news", site="mx.test"))
    assert (rule.rate, rule.until, rule.pace, rule.suspension, rule.reason) == (60.0, START + 9, "p1", "", "returns")
    await keeper.turn([pace("p2", rate=90.0)])
    assert [each.rate for each in await store.spool.rules()] == [90.0]
    await keeper.turn([])
    assert await store.spool.rules() == []


async def test_rules_of_others_stay(store, keeper):
    await store.spool.add_rule(Rule(id=store.mint.next(), kind="hold", filter=Filter(tenant="t1")))
    await keeper.turn([pace()])
    await keeper.turn([])
    assert [each.kind for each in await store.spool.rules()] == ["hold"]


async def test_release_lifts_no_slowing(store, keeper):
    await keeper.turn([pace()])
    assert await store.spool.remove_rules("hold", Filter()) == 0
    assert len(await store.spool.rules()) == 1


async def test_the_release_before_does_not_see_it_and_ids_stay_above(tmp_path):
    first = await open_store(f"sqlite://{tmp_path}/d", clock=TestClock(), free_disk=0)
    await PaceRules(first.spool, TestClock(), first.mint).turn([pace()])
    (rule,) = await first.spool.rules()
    await first.close()
    connection = apsw.Connection(f"{tmp_path}/d/spool.db")
    assert connection.execute("SELECT count(*) FROM rule").fetchone() == (0,)
    connection.close()
    again = await open_store(f"sqlite://{tmp_path}/d", clock=TestClock(), free_disk=0)
    assert [each.id for each in await again.spool.rules()] == [rule.id]
    assert again.mint.next() > rule.id
    await again.close()
