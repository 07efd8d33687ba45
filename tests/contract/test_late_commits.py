"""No reader ever skips an event that was committed late, whoever reads and whatever becomes of the store meanwhile.

The order of the log is the order of commits. What is older by its id or its time, and was committed later, lies behind
every place that a reader can have reached before.
"""

from __future__ import annotations

import asyncio
import tarfile
import threading
from pathlib import Path

import apsw
import msgspec
import pytest

from estafette.base.ids import Mint
from estafette.events.reader import Reader, read_on
from estafette.model.event import Event, pack, unpack
from estafette.model.message import Submission
from estafette.store.interface.history import EventFilter
from estafette.store.open import open_store, restore_store

from .kit import START, submission

GOLDEN = Path(__file__).parents[1] / "data" / "queues" / "0.1.0" / "store.tar.xz"


class Everyone:
    """Every way to read the log, each with a cursor of its own that it moves to the end of what it was given."""

    def __init__(self, spool, history):
        self.spool, self.history = spool, history
        self.places = dict.fromkeys(("outbox", "after", "tenant", "stretch", "reader"), 0)
        self.seen: dict[str, list[int]] = {name: [] for name in self.places}
        self.reader: Reader = _Named(self)

    async def read(self):
        """Read to the end with each."""
        await self._feed()
        for name, selection in (("after", None), ("tenant", EventFilter(tenant="t1"))):
            self._take(name, await self.history.after(self.places[name], 3, selection))
        look = await self.history.stretch(self.places["stretch"], 3, EventFilter(kind="queued"))
        self._take("stretch", look.items)
        self.places["stretch"] = look.upto
        await read_on(self.history, self.reader, 3)

    async def all(self):
        """Read until nobody finds more; return what each has seen, in its order."""
        before = None
        while before != self.seen:
            before = {name: list(each) for name, each in self.seen.items()}
            await self.read()
        return self.seen

    async def _feed(self):
        """Carry the outbox over, which is a reader too."""
        fed = await self.spool.outbox(self.places["outbox"], 3)
        self._take("outbox", [(position, unpack(blob)) for position, blob in fed])
        await self.spool.flush()

    def _take(self, name, events):
        for position, event in events:
            assert position > self.places[name]
            self.places[name] = position
            self.seen[name].append(event.id)


class _Named:
    name = "everyone"

    def __init__(self, everyone):
        self._everyone = everyone

    async def position(self):
        return self._everyone.places["reader"]

    async def take(self, events, upto):
        self._everyone._take("reader", events)
        self._everyone.places["reader"] = upto


@pytest.fixture
async def everyone(spool, spool_factory):
    return Everyone(spool, spool_factory.store.history)


def written(number, at):
    """Return a submission that was made at a moment, its ids minted then."""
    made = submission(id=number)
    (fact,) = made.events
    return Submission(
        made.content, made.deliveries, (pack(msgspec.structs.replace(unpack(fact), id=number + 1, at=at)),)
    )


async def test_what_stays_open_for_a_minute_is_read_by_everyone(spool, everyone, clock):
    mint = Mint(clock.now, writer=9)
    old = [(mint.next(), mint.next())[0] for _ in range(3)]
    young = []
    for second in range(60):
        clock.moment = START + second + 1
        number = (mint.next(), mint.next())[0]
        young.append(number + 1)
        await spool.accept(written(number, clock.now()))
        await everyone.read()
    for number in old:
        await spool.accept(written(number, START))
    seen = await everyone.all()
    wanted = young + [number + 1 for number in old]
    assert seen == dict.fromkeys(seen, wanted)
    assert min(young) > max(old)


async def test_while_one_writer_is_open_no_other_can_commit_before_it(spool_factory, clock):
    """The transaction that holds the smaller position is open in the store's thread while everyone reads and writes."""
    spool = await spool_factory()
    owner = spool_factory.stores[0].spool
    everyone = Everyone(spool, spool_factory.store.history)
    entered, leave = threading.Event(), threading.Event()
    mint = Mint(clock.now, writer=9)
    held, young = mint.next(), [mint.next() for _ in range(5)]

    def hold(_connection, batch):
        batch.event(pack(Event(id=held, at=START, kind="queued", tenant="t1", stream="main", message=1, number=1)))
        entered.set()
        assert leave.wait(30)

    holding = owner._writer.act(hold)
    assert await asyncio.to_thread(entered.wait, 30)
    pressed = [asyncio.ensure_future(spool.accept(written(number - 1, START + 60))) for number in young]
    clock.moment += 60
    stranger = apsw.Connection(str(owner.path))
    with pytest.raises(apsw.BusyError):
        stranger.execute("BEGIN IMMEDIATE")
    stranger.close()
    for _ in range(20):
        await everyone.read()
    assert everyone.seen == {name: [] for name in everyone.seen}
    leave.set()
    await asyncio.gather(holding, *pressed)
    seen = await everyone.all()
    assert seen == {name: [held, *young] for name in seen}


async def test_places_hold_across_restarts(spool_factory, clock):
    spool = await spool_factory()
    everyone = Everyone(spool, spool_factory.store.history)
    sent = []
    for _ in range(3):
        sent.append(submission())
        await spool.accept(sent[-1])
        await everyone.all()
        await spool_factory.close()
        clock.moment -= 3_600
        spool = await spool_factory()
        everyone.spool, everyone.history = spool, spool_factory.store.history
    seen = await everyone.all()
    assert seen == {name: [unpack(each.events[0]).id for each in sent] for name in seen}


@pytest.mark.parametrize("days", [0, 400])
async def test_places_reached_after_a_backup_lie_before_what_the_restored_store_logs(
    spool_factory, tmp_path, clock, days
):
    spool = await spool_factory()
    await spool.accept(submission())
    await spool.backup(str(tmp_path / "b"))
    everyone = Everyone(spool, spool_factory.store.history)
    for _ in range(50):
        await spool.accept(submission())
    await everyone.all()
    reached = len(everyone.seen["after"])
    await spool_factory.close()
    clock.moment += days * 86_400
    url = f"sqlite://{tmp_path}/r"
    restore_store(tmp_path / "b", url, queue="resume", clock=clock)
    restored = await open_store(url, clock=clock, free_disk=0)
    try:
        everyone.spool, everyone.history = restored.spool, restored.history
        late = submission(id=submission().content.id)
        await restored.spool.accept(late)
        seen = await everyone.all()
        assert [each[reached:] for each in seen.values()] == [[unpack(late.events[0]).id]] * len(seen)
    finally:
        await restored.close()


async def test_places_reached_under_an_older_release_go_on(tmp_path, clock):
    with tarfile.open(GOLDEN) as archive:
        archive.extractall(tmp_path / "d", filter="data")
    folder = next((tmp_path / "d").rglob("spool.db")).parent
    clock.moment = START
    store = await open_store(f"sqlite://{folder}", clock=clock, free_disk=0)
    try:
        everyone = Everyone(store.spool, store.history)
        await everyone.all()
        old = {name: len(each) for name, each in everyone.seen.items()}
        assert old["after"] > 3
        late = written(1 << 22, 1.0)
        await store.spool.accept(late)
        seen = await everyone.all()
        assert [each[old[name] :] for name, each in seen.items() if name != "tenant"] == [[(1 << 22) + 1]] * 4
    finally:
        await store.close()
