"""What every keeper of counters does, in the process of the store and in others."""

from __future__ import annotations

import pytest

from estafette.base.errors import StoreFault
from estafette.store.interface.statistics import DAY, HOUR, Cell, Row

from .kit import START, event

MIDNIGHT = int(START) // DAY * DAY


@pytest.fixture
async def keeper(spool_factory):
    """The counters as the owner of the store adds to them."""
    await spool_factory()
    return spool_factory.stores[0].statistics


@pytest.fixture
def statistics(keeper, spool_factory):
    """The same counters as this backend reads them."""
    return spool_factory.store.statistics


def cell(hour: int = 0, measure: str = "delivered", *, dimension: str = "campaign", value: str = "spring", tenant="t1"):
    return Cell(tenant, MIDNIGHT + hour * HOUR, dimension, value, measure)


async def total(statistics, **asked):
    asked = {"since": 0, "until": MIDNIGHT + 99 * DAY} | asked
    rows = await statistics.read("t1", asked.pop("dimension", "campaign"), **asked)
    return {(row.value, row.measure): row.amount for row in rows}


async def test_increments_add_up_and_move_the_cursor(keeper, statistics):
    assert await statistics.position() == 0
    assert await total(statistics) == {}
    assert await keeper.add(0, 10, {cell(): 2, cell(1): 3, cell(1, value="autumn"): 1, cell(tenant="t2"): 9})
    assert await keeper.add(10, 30, {cell(): -1, cell(30): 0})
    assert await statistics.position() == 30
    assert await total(statistics) == {("spring", "delivered"): 4, ("autumn", "delivered"): 1}


async def test_what_was_counted_is_not_counted_again(keeper, statistics):
    assert await keeper.add(0, 10, {cell(): 2})
    assert not await keeper.add(0, 10, {cell(): 2})
    assert not await keeper.add(5, 20, {cell(): 2})
    assert await statistics.position() == 10
    assert await total(statistics) == {("spring", "delivered"): 2}


async def test_a_failed_addition_leaves_nothing_behind(keeper, statistics):
    with pytest.raises(OverflowError):
        await keeper.add(0, 10, {cell(): 1, cell(measure="bounced"): 1 << 70})
    assert await statistics.position() == 0
    assert await keeper.add(0, 10, {cell(): 1, cell(measure="bounced"): 5})
    assert await total(statistics) == {("spring", "delivered"): 1, ("spring", "bounced"): 5}


@pytest.mark.parametrize(
    ("since", "until"), [(0, 24), (1, 23), (1, 24), (5, 80), (24, 72), (23, 73), (30, 40), (0, 96), (7, 7), (9, 3)]
)
async def test_a_span_is_what_its_hours_are(keeper, statistics, since, until):
    await keeper.add(0, 1, {cell(hour): 1 << hour % 50 for hour in range(96)})
    span = {"since": MIDNIGHT + since * HOUR, "until": MIDNIGHT + until * HOUR}
    amounts = {hour: 1 << hour % 50 for hour in range(since, until)}
    expected = {("spring", "delivered"): sum(amounts.values())} if amounts else {}
    assert await total(statistics, **span) == expected
    rows = await statistics.read("t1", "campaign", by_hour=True, **span)
    assert rows == [Row(MIDNIGHT + hour * HOUR, "spring", "delivered", each) for hour, each in amounts.items()]


async def test_a_question_names_values_halves_of_pairs_and_measures(keeper, statistics):
    pair = {"dimension": "campaign_link"}
    await keeper.add(0, 1, {
        cell(value="a\x1fx", **pair): 1, cell(value="a\x1fy", **pair): 2, cell(value="ab\x1fx", **pair): 4,
        cell(value="a\x1fx", measure="bounced", **pair): 8,
    })  # fmt: skip
    assert await total(statistics, values=["a\x1fx", "absent"], **pair) == {
        ("a\x1fx", "delivered"): 1, ("a\x1fx", "bounced"): 8,
    }  # fmt: skip
    assert await total(statistics, first="a", measures=["delivered"], **pair) == {
        ("a\x1fx", "delivered"): 1, ("a\x1fy", "delivered"): 2,
    }  # fmt: skip
    assert await total(statistics, by_value=False, **pair) == {("", "delivered"): 7, ("", "bounced"): 8}
    rows = await statistics.read("t1", "campaign_link", since=0, until=MIDNIGHT + DAY, by_hour=True, by_value=False)
    assert {(row.hour, row.value, row.measure, row.amount) for row in rows} == {
        (MIDNIGHT, "", "delivered", 7), (MIDNIGHT, "", "bounced", 8),
    }  # fmt: skip


async def test_values_of_a_day_and_the_first_hour_of_each(keeper, statistics):
    await keeper.add(0, 1, {cell(23): 1, cell(24): 1, cell(25, value="b"): 0, cell(2, value="c", tenant="t2"): 1})
    assert await statistics.values("t1", "campaign", MIDNIGHT) == {"spring"}
    assert await statistics.values("t1", "campaign", MIDNIGHT + DAY) == {"spring", "b"}
    assert await statistics.values("t1", "tag", MIDNIGHT) == set()
    assert await statistics.begun("t1", "campaign") == {"spring": MIDNIGHT + 23 * HOUR, "b": MIDNIGHT + 25 * HOUR}


async def test_everything_comes_with_its_cursor(keeper, statistics):
    counted = {cell(3): 1, cell(30, value="x\x1fy", dimension="campaign_link"): 2}
    await keeper.add(0, 7, counted)
    assert await statistics.everything(0) == (7, counted)
    assert await statistics.everything(MIDNIGHT + DAY) == (7, {key: n for key, n in counted.items() if n == 2})


async def test_counters_outlive_events_and_a_restart(keeper, spool_factory):
    owner = spool_factory.stores[0]
    await owner.history.append([(1, event(1, 1, "delivered"))])
    await keeper.add(0, 1, {cell(): 1})
    await owner.history.prune(START + 1)
    await spool_factory.close()
    await spool_factory()
    assert await total(spool_factory.store.statistics) == {("spring", "delivered"): 1}
    assert await spool_factory.store.statistics.position() == 1


async def test_events_of_a_span_or_none_when_they_are_many(statistics, spool_factory):
    await spool_factory.stores[0].history.append([(n, event(n, 1, "queued")) for n in range(1, 6)])
    found = await statistics.events("t1", START, START + 1, 5)
    assert [each.message for each in found] == [1, 2, 3, 4, 5]
    assert await statistics.events("t1", START, START + 1, 4) is None
    assert await statistics.events("t1", START + 1, START + 2, 1) == []
    assert await statistics.events("t2", START, START + 1, 1) == []


async def test_only_the_owner_of_the_store_counts(statistics, spool_factory):
    if spool_factory.backend == "client":
        with pytest.raises(StoreFault):
            await statistics.add(0, 1, {cell(): 1})
