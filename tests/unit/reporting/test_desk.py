"""The desk over a real store: whatever stops it, and wherever, counters are what the log says."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.reporting.log import MOMENT, about, mint, opened

from estafette.events.reader import read_on
from estafette.model.event import pack
from estafette.model.tracking import AGENTS
from estafette.reporting import admission, desk, proof
from estafette.reporting.desk import CountingDesk
from estafette.reporting.measures import additions
from estafette.store.interface.statistics import DAY
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.sqlite.statistics import SqliteStatistics


class Shop:
    """A history with its counters, and desks that count."""

    def __init__(self, folder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.history = SqliteHistory(folder)
        self.statistics = SqliteStatistics(self.history)
        self.desk = CountingDesk(self.statistics, self.history)
        self.written = 0

    async def log(self, *events):
        rows = [(self.written + place, pack(event)) for place, event in enumerate(events, 1)]
        await self.history.append(rows)
        self.written += len(events)

    async def count(self, limit=5_000):
        while await read_on(self.history, self.desk, limit):
            pass

    async def counters(self):
        return (await self.statistics.everything(0))[1]

    async def of(self, dimension):
        return Counter(
            {
                (cell.value, cell.measure): n
                for cell, n in (await self.counters()).items()
                if cell.dimension == dimension
            }
        )

    async def close(self):
        await self.statistics.close()
        await self.history.close()


@pytest.fixture
async def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    await shop.close()


tags = st.lists(st.sampled_from(["a", "b", "c", "d", "(other)"]), max_size=2).map(tuple)
moments = st.sampled_from([MOMENT, MOMENT + 10, MOMENT + 3_600, MOMENT + DAY])
labels = {
    "tenant": st.sampled_from(["t1", "t2", ""]), "campaign": st.sampled_from(["", "spring", "autumn"]), "tags": tags,
    "at": moments, "site": st.sampled_from(["gmail", "orange"]), "topic": st.sampled_from(["", "offers", "news"]),
}  # fmt: skip
plain = st.builds(about, st.sampled_from(["queued", "delivered", "deferred", "bounced", "failed"]), **labels)
hits = st.builds(
    opened, st.sampled_from(AGENTS), kind=st.sampled_from(["opened", "clicked"]), was=st.sampled_from(["", *AGENTS]),
    count=st.integers(1, 3), url=st.sampled_from(["", "/x", "/y"]), first=st.booleans(), **labels,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(events=st.lists(plain | hits, max_size=60), sizes=st.lists(st.integers(1, 17), min_size=1, max_size=6))
async def test_any_batches_give_the_counters_of_the_whole_log(tmp_path_factory, low_limits, events, sizes):
    one, other = Shop(tmp_path_factory.mktemp("one")), Shop(tmp_path_factory.mktemp("other"))
    await one.log(*events)
    await one.count()
    await other.log(*events)
    for size in sizes:
        await read_on(other.history, other.desk, size)
        other.desk = CountingDesk(other.statistics, other.history)
    await other.count(7)
    assert await other.counters() == await one.counters()
    naive = Counter()
    for event in events:
        for measure, amount in additions(event):
            naive[event.tenant, measure] += amount if event.tenant else 0
    found = Counter()
    for cell, amount in (await one.counters()).items():
        found[cell.tenant, cell.measure] += amount if cell.dimension == "all" else 0
    assert +found == +naive
    assert (await proof.prove(one.statistics, one.history, 0)).unequal == 0
    await one.close()
    await other.close()


@pytest.fixture(scope="module")
def low_limits():
    """Two tags, two campaigns and three pairs a day are enough to reach the limits."""
    with pytest.MonkeyPatch.context() as patch:
        few = dict(admission.LIMITS) | {"tag": 2, "topic": 1, "campaign": 1, "campaign_provider": 1}
        patch.setattr(admission, "LIMITS", few)
        yield


async def test_a_batch_that_is_handed_over_again_is_counted_once(shop):
    await shop.log(*(about("queued") for _ in range(10)))
    batch = await shop.history.after(0, 10)
    await shop.desk.take(batch[:6], batch[5][0])
    await shop.desk.take(batch[:6], batch[5][0])
    await shop.desk.take(batch, batch[-1][0])
    assert (await shop.of("all"))["", "queued"] == 10


async def test_two_desks_at_once_count_everything_once(shop):
    await shop.log(*(about("queued", tags=("a",)) for _ in range(10)))
    second = CountingDesk(shop.statistics, shop.history)
    batch = await shop.history.after(0, 10)
    waiting = shop.statistics.add

    async def add_after_another(after, upto, cells):
        shop.statistics.add = waiting
        await second.take(batch[:4], batch[3][0])
        return await waiting(after, upto, cells)

    shop.statistics.add = add_after_another
    await shop.desk.take(batch, batch[-1][0])
    assert await shop.statistics.position() == batch[3][0]
    await shop.count()
    assert (await shop.of("tag"))["a", "queued"] == 10


async def test_a_write_that_failed_leaves_no_value_admitted(shop, monkeypatch):
    monkeypatch.setattr(admission, "LIMITS", dict(admission.LIMITS) | {"tag": 1})
    await shop.log(about("queued", tags=("lost",)))
    good = shop.statistics.add

    async def broken(*_):
        raise OSError("disk")

    shop.statistics.add = broken
    with pytest.raises(OSError, match="disk"):
        await shop.count()
    shop.statistics.add = good
    await shop.history.in_writer(lambda: shop.history.writing().execute("DELETE FROM event"))
    await shop.log(about("queued", tags=("kept",)))
    await shop.count()
    assert (await shop.of("tag"))["kept", "queued"] == 1


async def test_an_end_that_knows_no_tags_learns_them_from_its_message(shop):
    number = mint.next()
    queued = about("queued", message=number, tags=("a",), template="t@1", credential="c1")
    await shop.log(queued, about("failed", message=number, reason="expired"))
    await shop.count()
    assert (await shop.of("tag"))["a", "failed"] == 1
    assert (await shop.of("credential"))["c1", "failed"] == 1


async def test_whatever_comes_of_a_message_is_counted_by_its_topic(shop):
    number = mint.next()
    queued = about("queued", message=number, topic="offers", tags=("a",))
    late = about("bounced", message=number, reason="late", from_domain="")
    await shop.log(queued, about("failed", message=number, reason="expired"), late)
    await shop.count()
    found = await shop.of("topic")
    measures = {measure: amount for (_, measure), amount in found.items()}
    assert measures == {"queued": 1, "failed": 1, "bounced.other": 1, "late": 1}


async def test_who_leaves_counts_for_what_was_left_and_not_for_what_the_letter_was_about(shop, monkeypatch):
    monkeypatch.setattr(admission, "LIMITS", dict(admission.LIMITS) | {"topic": 2})
    number = mint.next()
    queued = about("queued", message=number, topic="offers", tags=("a",))
    stream = about("unsubscribed", message=number, from_domain="", tags=())
    other = about("unsubscribed", message=number, topic="news")
    await shop.log(queued, stream, other)
    await shop.count()
    assert await shop.of("topic") == {("offers", "queued"): 1, ("news", "unsubscribed"): 1}
    assert (await shop.of("tag"))["a", "unsubscribed"] == 1


async def test_a_hit_learns_which_server_took_its_mail(shop):
    number = mint.next()
    await shop.log(
        about("queued", message=number, campaign="spring", number=2),
        about("delivered", message=number, campaign="spring", number=2, site="orange"),
        opened("human", message=number, number=2, site="", from_domain=""),
        opened("human", message=number, number=2, site="", tenant="t1", mode="individual"),
    )
    await shop.count()
    assert (await shop.of("campaign_provider"))["spring\x1forange", "opened.human"] == 2
    assert (await shop.of("domain"))["shop.test", "opened.human"] == 2


async def test_a_message_is_looked_up_once_and_again_when_it_went_further(shop):
    number = mint.next()
    await shop.log(about("queued", message=number), opened("human", message=number, site=""))
    await shop.count()
    assert await shop.of("provider") == {}
    await shop.log(about("delivered", message=number, site="gmail"), opened("human", message=number, site=""))
    await shop.count()
    assert (await shop.of("provider"))["gmail", "opened.human"] == 1


async def test_the_memory_of_a_desk_is_bounded(shop, monkeypatch):
    monkeypatch.setattr(desk, "REMEMBERED", 0)
    await shop.log(*(about("queued", tags=(f"{n}",)) for n in range(3)))
    await shop.count(1)
    assert len(await shop.of("tag")) == 3


async def test_the_proof_finds_what_does_not_agree(shop):
    await shop.log(about("queued", campaign="spring"), about("queued", at=MOMENT + DAY))
    await shop.count()
    await shop.log(about("queued"))
    found = await proof.prove(shop.statistics, shop.history, 0)
    assert (found.unequal, found.events, found.position) == (0, 2, 2)
    cell = next(cell for cell in await shop.counters() if cell.dimension == "campaign")
    await shop.statistics.add(2, 2, {cell: 5})
    found = await proof.prove(shop.statistics, shop.history, 0)
    assert found.differences == ("t1 2027-01-15T09+00:00 campaign 'spring' queued: +5 counted beyond the log",)


async def test_the_proof_leaves_out_days_whose_events_were_removed(shop):
    await shop.log(about("queued"), about("queued", at=MOMENT + DAY), about("queued", at=MOMENT + 2 * DAY))
    await shop.count()
    await shop.history.prune(MOMENT + DAY + 1)
    found = await proof.prove(shop.statistics, shop.history, MOMENT + DAY + 1)
    assert (found.unequal, found.events) == (0, 1)
    assert found.since == MOMENT // DAY * DAY + 2 * DAY
    await shop.history.in_writer(lambda: shop.history.writing().execute("DELETE FROM event"))
    assert (await proof.prove(shop.statistics, shop.history, MOMENT + DAY + 1)).unequal == 3
