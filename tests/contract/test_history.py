"""What every history does."""

from __future__ import annotations

import pytest

from estafette.model.event import unpack
from estafette.store.interface.history import EventFilter
from estafette.store.sqlite import stretch
from estafette.store.sqlite.history import SqliteHistory

from .kit import START, event


@pytest.fixture
async def history(tmp_path):
    opened = SqliteHistory(tmp_path)
    yield opened
    await opened.close()


async def test_appending_twice_adds_once_and_the_position_stays(history):
    facts = [(n, event(n, 1, "queued")) for n in (1, 2, 3)]
    await history.append(facts)
    await history.append([(position + 10, blob) for position, blob in facts[:2]])
    assert await history.after(0) == [(position, unpack(blob)) for position, blob in facts]
    assert await history.position() == 12


async def test_whom_a_campaign_reached_is_told(history):
    facts = [event(n, 1, "queued", recipient=f"u{n}@b.c", campaign="spring") for n in range(1, 701)]
    facts.append(event(801, 1, "queued", recipient="other@b.c", campaign="autumn"))
    facts.append(event(802, 1, "bounced", recipient="x@b.c", campaign="spring"))
    await history.append(list(enumerate(facts, 1)))
    asked = [f"u{n}@b.c" for n in range(600, 800)] + ["other@b.c", "x@b.c"]
    everybody = [f"u{n}@b.c" for n in range(1, 1201)]
    assert await history.reached("t1", "spring", asked) == {f"u{n}@b.c" for n in range(600, 701)}
    assert await history.reached("t1", "spring", everybody) == {f"u{n}@b.c" for n in range(1, 701)}
    assert await history.reached("t2", "spring", asked) == set()
    assert await history.reached("t1", "spring", []) == set()


async def test_events_are_found_by_message_tenant_and_filter(history):
    facts = [event(5, 1, "queued", recipient="a@b.c"), event(6, 1, "queued"), event(5, 1, "delivered", campaign="x")]
    await history.append(list(enumerate(facts, 1)))
    first, second, third = map(unpack, facts)
    assert await history.of_message(5) == [first, third]
    assert await history.recent(2) == [third, second]
    assert await history.recent(9, tenant="other") == []
    assert [each for _, each in await history.after(0, selection=EventFilter(recipient="A@b.c"))] == [first]
    assert [each for _, each in await history.after(0, selection=EventFilter(campaign="x", kind="delivered"))] == [
        third
    ]
    assert await history.after(0, selection=EventFilter(since=START + 1)) == []


async def test_pruning_forgets_events_but_not_their_number(history):
    await history.append([(n, event(n, 1, "failed" if n % 2 else "queued", reason="purged")) for n in range(1, 2502)])
    counts = await history.counts()
    assert counts == {"queued": 1250, "cancelled": 1251}
    assert await history.prune(START) == 0
    assert await history.prune(START + 1) == 2501
    assert await history.counts() == counts
    assert await history.recent() == []


async def test_an_unreadable_event_does_not_stop_the_log(history):
    await history.append([(1, b"\xff"), (2, event(1, 1, "queued"))])
    assert len(await history.recent()) == 1
    assert await history.position() == 2


async def test_events_are_found_by_what_has_no_column(history):
    facts = [
        event(1, 1, "queued", tags=("spring",)),
        event(2, 1, "queued", tags=("autumn", "spring")),
        event(3, 1, "delivered"),
    ]
    await history.append(list(enumerate(facts, 1)))
    first, second, _ = map(unpack, facts)
    assert [each for _, each in await history.after(0, selection=EventFilter(tag="spring"))] == [first, second]
    assert [each for _, each in await history.after(0, 1, EventFilter(tag="spring", tenant="t1"))] == [first]
    assert await history.after(0, selection=EventFilter(stream="other")) == []
    assert len(await history.after(0, selection=EventFilter(stream="main", kind="queued"))) == 2


@pytest.mark.parametrize("wanted", [{"tenant": "t1"}, {}, {"message": 70_000}])
async def test_a_look_for_something_rare_ends_and_says_how_far_it_came(history, monkeypatch, wanted):
    monkeypatch.setattr(stretch, "LOOKED", 50)
    facts = [event(70_000, n, "queued", recipient=f"u{n}@b.c", tags=(f"t{n}",)) for n in range(1, 202)]
    await history.append(list(enumerate(facts, 1)))
    for rare in ({"recipient": "u120@b.c"}, {"tag": "t120"}):
        looks, cursor = [], 0
        while True:
            look = await history.stretch(cursor, 10, EventFilter(**wanted, **rare))
            looks.append((look.upto, [position for position, _ in look.items], look.more))
            cursor = look.upto
            if not look.more:
                break
        assert looks == [(50, [], True), (100, [], True), (150, [120], True), (200, [], True), (201, [], False)]
        assert [position for position, _ in await history.after(0, 5, EventFilter(**wanted, **rare))] == [120]
    assert (await history.stretch(201, 10)).upto == 201


async def test_a_full_look_goes_on_behind_its_last_event(history):
    await history.append([(n, event(n, 1, "queued" if n % 2 else "delivered")) for n in range(1, 11)])
    look = await history.stretch(0, 3, EventFilter(tenant="t1", kind="queued"))
    assert ([position for position, _ in look.items], look.upto, look.more) == ([1, 3, 5], 5, True)
    rest = await history.stretch(look.upto, 3, EventFilter(tenant="t1", kind="queued"))
    assert ([position for position, _ in rest.items], rest.upto, rest.more) == ([7, 9], 10, False)


@pytest.mark.parametrize(
    "wanted", [{}, {"tenant": "t1"}, {"message": 5}, {"tenant": "t1", "kind": "queued", "since": 1.0}]
)
async def test_no_look_sorts(history, wanted):
    """A look must cost what it reads: a plan with a sort would read all of a tenant's events first."""
    await history.append([(n, event(n % 7, 1, "queued")) for n in range(1, 50)])
    seen = []
    history._reader.exec_trace = lambda _cursor, statement, _bindings: seen.append(statement) or True
    await history.stretch(3, 10, EventFilter(**wanted))
    history._reader.exec_trace = None
    plans = [
        row for each in seen for row in history._reader.execute(f"EXPLAIN QUERY PLAN {each}", ("1",) * each.count("?"))
    ]
    assert plans
    assert not [row for row in plans if "TEMP B-TREE" in row[-1]]


async def test_mail_that_came_in_is_told_newest_first_page_by_page(history):
    facts = [
        event(n, 1, "inbound" if n % 2 else "replied", recipient=f"u{n % 4}@b.c", route=f"r{n % 3}")
        for n in range(1, 21)
    ]
    await history.append(list(enumerate(facts, 1)))
    wanted = EventFilter(tenant="t1")
    first = await history.incoming(wanted, limit=4)
    assert ([position for position, _ in first.items], first.upto, first.more) == ([19, 17, 15, 13], 13, True)
    rest = await history.incoming(wanted, before=first.upto, limit=100)
    assert ([position for position, _ in rest.items], rest.more) == ([11, 9, 7, 5, 3, 1], False)
    assert (await history.incoming(EventFilter(tenant="t2"))).items == []


async def test_mail_that_came_in_is_found_by_address_route_and_time_within_a_bounded_look(history, monkeypatch):
    facts = [event(n, 1, "inbound", recipient="a@b.c" if n == 2 else "x@b.c", route=f"r{n % 2}") for n in range(1, 9)]
    await history.append(list(enumerate(facts, 1)))

    async def found(**wanted):
        return [position for position, _ in (await history.incoming(EventFilter(tenant="t1", **wanted))).items]

    assert await found(recipient="A@B.c") == [2]
    assert await found(route="r1") == [7, 5, 3, 1]
    assert await found(since=START + 1) == []
    assert await found(until=START) == []
    assert await found(since=START, until=START + 1, recipient="a@b.c") == [2]
    monkeypatch.setattr(stretch, "LOOKED", 3)
    short = await history.incoming(EventFilter(tenant="t1", recipient="a@b.c"))
    assert (short.items, short.upto, short.more) == ([], 6, True)


async def test_the_log_is_told_by_route(history):
    facts = [event(n, 1, "inbound", route=f"r{n % 2}") for n in range(1, 5)]
    await history.append(list(enumerate(facts, 1)))
    assert [position for position, _ in await history.after(0, selection=EventFilter(tenant="t1", route="r0"))] == [
        2,
        4,
    ]
