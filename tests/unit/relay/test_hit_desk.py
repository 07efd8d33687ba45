"""From raw hits to final events over a real store: right classes, each once, also when it stops anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.contract.kit import START, TestClock, done, mint, submission

from estafette.base import ids
from estafette.base.errors import StoreFault
from estafette.model.event import Event, pack
from estafette.model.tracking import RawHit
from estafette.relay.feedback.judgement import provisional
from estafette.relay.hit_desk import HitDesk
from estafette.relay.hit_review import HitReview
from estafette.store.open import Store, open_store
from estafette.tracking import lists
from estafette.tracking.said import said
from estafette.web import shapes

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
LISTS = lists.load()


class Bench:
    def __init__(self, store: Store, clock: TestClock) -> None:
        self.store = store
        self.clock = clock
        self.desk = self.new_desk()

    def new_desk(self, **parts) -> HitDesk:
        held: dict[str, Any] = {
            "hits": self.store.hits,
            "history": self.store.history,
            "spool": self.store.spool,
        } | parts
        country = {"192.0.2.1": "FR"}.get
        return HitDesk(
            **held, clock=self.clock, final_after=600.0, lists=LISTS, country=lambda address: country(address, "")
        )

    def review(self, tables=LISTS) -> HitReview:
        return HitReview(
            hits=self.store.hits, history=self.store.history, spool=self.store.spool, lists=tables,
            country=lambda _address: "",
        )  # fmt: skip

    async def mailing(self, *recipients: str, site: str = "google", **content) -> int:
        sent = submission(*recipients, **content)
        await self.store.spool.accept(sent)
        for row in sent.deliveries:
            event = Event(
                id=mint.next(), at=START, kind="delivered", tenant="t1", stream="main", message=row.message,
                number=row.number, recipient=row.address, site=site,
            )  # fmt: skip
            await self.store.spool.settle("w", {}, [msgspec.structs.replace(done(*row.key), event=pack(event))])
        await self.logged()
        return sent.content.id

    async def logged(self) -> None:
        """Wait until the log has what the outbox had."""
        while await self.store.spool.outbox(await self.store.history.position(), 1):
            await self.store.spool.counts()

    async def hit(self, message: int, number: int = 1, after: float = 3_600.0, **more) -> RawHit:
        fields: dict[str, Any] = {
            "link": 1,
            "url": "https://shop.test/a",
            "address": "192.0.2.1",
            "agent": CHROME,
            "links": 6,
        } | more
        kind = fields.pop("kind", "clicked")
        made = RawHit(mint.next(), START + after, kind, "t1", "main", message, number, **fields)
        await self.store.hits.add([made])
        self.clock.moment = max(self.clock.moment, made.at + 601)
        return made

    async def events(self, message: int) -> list[Event]:
        await self.logged()
        return [event for event in await self.store.history.of_message(message) if event.hit is not None]

    async def classes(self, message: int) -> list[tuple[str, str, bool]]:
        return [(event.kind, event.hit.agent, event.hit.first) for event in await self.events(message)]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    clock = TestClock()
    store = await open_store(f"sqlite://{tmp_path}/d", role="owner", clock=clock, free_disk=0)
    yield Bench(store, clock)
    await store.close()


async def test_a_hit_becomes_an_event_with_all_that_is_known(bench):
    message = await bench.mailing("ann@example.com", campaign="spring", tags=("a",), template="welcome@3")
    raw = await bench.hit(message, campaign="spring", tags=("a",), template="welcome@3")
    assert await bench.desk.turn() == 1
    (event,) = await bench.events(message)
    assert (event.id, event.at, event.kind, event.recipient) == (raw.id, raw.at, "clicked", "ann@example.com")
    assert (event.campaign, event.tags, event.template, event.site) == ("spring", ("a",), "welcome@3", "google")
    assert (event.hit.agent, event.hit.client, event.hit.country, event.hit.url) == (
        "human", "chrome", "FR", "https://shop.test/a",
    )  # fmt: skip
    assert (event.hit.first, event.hit.link, event.hit.mode, event.hit.was) == (True, 1, "individual", "")


async def test_a_hit_waits_for_others_before_it_is_final(bench):
    message = await bench.mailing("ann@example.com")
    raw = await bench.hit(message)
    bench.clock.moment = raw.at + 599
    assert await bench.desk.turn() == 0
    bench.clock.moment = raw.at + 601
    assert await bench.desk.turn() == 1
    assert await bench.desk.turn() == 0


async def test_a_burst_is_judged_whole_although_it_is_worked_off_one_by_one(bench):
    message = await bench.mailing("ann@example.com")
    for link in (1, 2, 3):
        await bench.hit(message, after=3_600 + link / 10, link=link)
    while await bench.desk.turn(batch=1):
        pass
    assert await bench.classes(message) == [("clicked", "scanner", False)] * 3


async def test_only_the_first_human_hit_of_each_kind_counts_as_first(bench):
    message = await bench.mailing("ann@example.com", "bob@example.com")
    await bench.hit(message, kind="opened", link=0, url="")
    await bench.hit(message, kind="opened", link=0, url="", after=3_700)
    await bench.desk.turn()
    await bench.hit(message, after=3_800)
    await bench.hit(message, after=7_800)
    await bench.hit(message, number=2, after=7_900)
    await bench.desk.turn(batch=1)
    while await bench.desk.turn():
        pass
    assert await bench.classes(message) == [
        ("opened", "human", True), ("opened", "human", False),
        ("clicked", "human", True), ("clicked", "human", False), ("clicked", "human", True),
    ]  # fmt: skip


async def test_who_was_first_is_remembered_after_the_raw_hit_is_gone(bench):
    message = await bench.mailing("ann@example.com")
    raw = await bench.hit(message)
    await bench.desk.turn()
    await bench.logged()
    assert await bench.store.hits.prune(raw.at + 1) == 1
    await bench.hit(message, after=9_000)
    await bench.desk.turn()
    assert await bench.classes(message) == [("clicked", "human", True), ("clicked", "human", False)]


async def test_the_gateway_that_took_the_message_tips_the_scales(bench):
    guarded = await bench.mailing("ann@example.com", site="mx0a-1.pphosted.com,mx0b-1.pphosted.com")
    plain = await bench.mailing("ann@example.org", site="mx.example.org")
    await bench.hit(guarded, after=20)
    await bench.hit(plain, after=20)
    await bench.desk.turn()
    assert await bench.classes(guarded) == [("clicked", "scanner", False)]
    assert await bench.classes(plain) == [("clicked", "human", True)]


async def test_one_address_on_the_links_of_many_messages_is_seen(bench):
    messages = [await bench.mailing(f"p{n}@{n % 2}.test") for n in range(6)]
    for place, message in enumerate(messages):
        await bench.hit(message, after=3_600 + place, address="198.51.100.9")
    while await bench.desk.turn(batch=1):
        pass
    assert [await bench.classes(message) for message in messages] == [[("clicked", "scanner", False)]] * 6


class Breaks:
    """A part of the store that fails at one of its calls, before or after it did its work."""

    def __init__(self, inner, method: str, *, after: bool) -> None:
        self._inner, self._method, self._after = inner, method, after

    def __getattr__(self, name):
        if name != self._method:
            return getattr(self._inner, name)

        async def call(*arguments):
            if self._after:
                await getattr(self._inner, name)(*arguments)
            raise StoreFault("stopped here")

        return call


@pytest.mark.parametrize(("part", "method"), [("spool", "record"), ("hits", "close_up"), ("history", "of_message")])
@pytest.mark.parametrize("after", [False, True])
async def test_stopped_anywhere_each_hit_is_an_event_once(bench, part, method, after):
    message = await bench.mailing("ann@example.com")
    for place in range(5):
        await bench.hit(message, after=3_600 + 30 * place)
    broken = bench.new_desk(**{part: Breaks(getattr(bench.store, part), method, after=after)})
    with pytest.raises(StoreFault):
        await broken.turn()
    while await bench.desk.turn():
        pass
    assert await bench.classes(message) == [("clicked", "human", True)] + [("clicked", "human", False)] * 4
    assert await bench.store.hits.open(bench.clock.moment) == []


async def test_what_changed_is_shown_and_corrected_once(bench):
    message = await bench.mailing("ann@example.com", "bob@example.com")
    first = await bench.hit(message, address="198.51.100.9")
    await bench.hit(message, after=9_000)
    await bench.hit(message, number=2, after=9_100)
    await bench.desk.turn()
    await bench.logged()
    learnt = lists.load(
        b'[[network]]\nname = "new"\nprefixes = ["198.51.100.0/24"]\nagent = "scanner"\nsource = "x"\ndate = ""\n',
        place="more.toml",
    )
    same = await bench.review().run(0, bench.clock.moment, apply=True)
    assert (same.looked_at, same.changed, same.firsts) == (3, 0, 0)
    dry = await bench.review(learnt).run(0, bench.clock.moment, apply=False)
    assert dry.document()["changes"] == [{"was": "human", "is": "scanner", "hits": 1}]
    assert len(await bench.events(message)) == 3
    for _ in range(2):
        await bench.review(learnt).run(0, bench.clock.moment, apply=True)
    corrections = [event for event in await bench.events(message) if event.hit.was]
    assert [(e.hit.was, e.hit.agent, e.hit.first, e.at) for e in corrections] == [
        ("human", "scanner", True, START + 3_600), ("human", "human", True, START + 9_000),
    ]  # fmt: skip
    assert corrections[0].source == ids.show(first.id)
    words = said(await bench.events(message))
    assert [word.first for word in words.values()] == [False, True, True]
    assert (await bench.review(learnt).run(0, bench.clock.moment, apply=True)).changed == 0


async def test_a_message_that_nobody_remembers_is_judged_by_the_hit_alone(bench):
    await bench.hit(4711)
    assert await bench.desk.turn() == 1
    (event,) = await bench.events(4711)
    assert (event.recipient, event.site, event.hit.agent) == ("", "", "human")


async def test_hits_that_are_not_final_can_be_looked_at(bench):
    message = await bench.mailing("ann@example.com")
    for link in (1, 2, 3):
        await bench.hit(message, after=3_600 + link / 10, link=link)
    await bench.hit(message, after=9_000)
    hits = await bench.store.hits.of_messages([message])
    found = provisional(hits, await bench.store.history.of_message(message), LISTS)
    assert [found[hit.id].agent for hit in hits] == ["scanner"] * 3 + ["human"]
    assert provisional([], [], LISTS) == {}
    shown = shapes.pending(hits[0], found[hits[0].id])
    assert (shown["message"], shown["agent"]) == (f"{ids.show(message)}.1", "scanner")
    assert "192.0.2.1" not in str(shown)


async def test_a_country_is_told_of_people_only(bench):
    message = await bench.mailing("ann@example.com")
    await bench.hit(message, agent="Slackbot-LinkExpanding 1.0")
    await bench.hit(message, after=3_700)
    await bench.desk.turn()
    assert [event.hit.country for event in await bench.events(message)] == ["", "FR"]
