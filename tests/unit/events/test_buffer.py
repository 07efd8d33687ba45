"""Acts on disk: what was kept is handed over once, whatever the store, the disk or the process did meanwhile."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest

from estafette.base.errors import StoreFault, StoreUnavailable
from estafette.base.ids import Mint
from estafette.base.records import RecordFile, read
from estafette.events import forwarder as forwarding
from estafette.events.acts import Fact, Group, Measured, Unsubscription, unpacked
from estafette.events.buffer import Buffer
from estafette.events.forwarder import Forwarder
from estafette.model.event import unpack
from estafette.model.tracking import RawHit

NOW = 1_800_000_000.0
MINUTE = int(NOW) // 60
GROUP = Group("clicked", "t1", "bulk", "spring", link=3, url="https://shop.test/a")
mint = Mint(lambda: NOW, cell=15)


def measured():
    return Measured(RawHit(mint.next(), NOW, "clicked", "t1", "bulk", 7, 1))


def leaving():
    return Unsubscription(mint.next(), NOW, "t1", "bulk", 7, 1, b"p" * 12)


class Store:
    """What the forwarder hands acts to."""

    def __init__(self):
        self.acts = []
        self.fails = None
        self.heard = asyncio.Event()

    async def __call__(self, acts):
        if self.fails is not None:
            raise self.fails
        self.acts += acts
        if acts:  # a call without any only asks whether the store is there
            self.heard.set()


@pytest.fixture
async def buffer(tmp_path):
    opened = Buffer(tmp_path / "acts", "public-1")
    yield opened
    await opened.close()


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def forwarder(buffer, store):
    return Forwarder(buffer, mint, store)


def files(tmp_path):
    return sorted(path for path in (tmp_path / "acts").iterdir() if path.name != "lock")


async def test_what_is_kept_is_handed_over_and_its_file_goes(tmp_path, buffer, forwarder, store):
    acts = [measured(), measured()]
    for act in acts:
        buffer.keep(act)
    await buffer.flush()
    assert [list(unpacked(read(path))) for path in files(tmp_path)] == [acts]
    assert await forwarder.turn()
    assert store.acts == acts
    assert files(tmp_path) == []
    assert await forwarder.turn()
    assert store.acts == acts


async def test_a_silent_store_keeps_acts_on_disk_and_gets_them_in_order(tmp_path, buffer, forwarder, store):
    store.fails = StoreUnavailable("silent", place="store.sock")
    acts = [measured() for _ in range(3)]
    for act in acts:
        buffer.keep(act)
        assert not await forwarder.turn()
    await buffer.flush()
    assert len(files(tmp_path)) == 2  # the first one, and all that came while it waited
    store.fails = None
    assert await forwarder.turn()
    assert store.acts == acts
    assert files(tmp_path) == []


async def test_the_next_process_hands_over_what_a_dead_one_left(tmp_path, store):
    dead = Buffer(tmp_path / "acts", "public-1")
    act = leaving()
    dead.keep(act)
    await dead.close()
    heir = Buffer(tmp_path / "acts", "public-1")
    assert await heir.adopt() == 1
    assert await heir.adopt() == 0
    assert await Forwarder(heir, mint, store).turn()
    assert store.acts == [act]
    assert files(tmp_path) == []
    await heir.close()


async def test_files_of_a_living_process_are_not_adopted(tmp_path, buffer):
    buffer.keep(measured())
    await buffer.flush()
    other = Buffer(tmp_path / "acts", "public-2")
    assert await other.adopt() == 0
    await other.close()


async def test_counts_of_a_dead_process_are_unknown_and_handed_over_under_the_same_ids(tmp_path, store):
    dead = Buffer(tmp_path / "acts", "public-1")
    for _ in range(5):
        dead.count(GROUP, MINUTE)
    await dead.flush()
    dead.count(GROUP, MINUTE)
    await dead.close()
    for attempt in range(2):  # the heir dies between the store's answer and the end of the file
        heir = Buffer(tmp_path / "acts", "public-1")
        await heir.adopt()
        if not attempt:
            heir.done = heir.set_aside = lambda _: asyncio.sleep(0, _stop())
            with pytest.raises(RuntimeError, match="killed"):
                await Forwarder(heir, mint, store).turn()
        else:
            assert await Forwarder(heir, mint, store).turn()
        await heir.close()
    first, second = (unpack(act.event) for act in store.acts)
    assert first == second
    assert (first.count, first.at, first.campaign, first.message) == (6, MINUTE * 60.0, "spring", 0)
    assert (first.hit.agent, first.hit.reasons, first.hit.mode) == ("unknown", ("restart",), "aggregate")
    assert files(tmp_path) == []


def _stop():
    raise RuntimeError("killed")


async def test_a_judged_minute_takes_the_place_of_its_counts(tmp_path, buffer, forwarder, store):
    buffer.count(GROUP, MINUTE)
    await buffer.flush()
    assert await forwarder.turn()
    assert store.acts == []  # a minute that is not judged yet stays here
    await buffer.judged(MINUTE, [Fact(b"\x90")])
    assert await forwarder.turn()
    assert store.acts == [Fact(b"\x90")]
    assert files(tmp_path) == []


async def test_a_synced_act_is_on_disk_and_asks_for_a_turn(tmp_path, buffer):
    running = asyncio.create_task(buffer.run())
    act = leaving()
    await buffer.synced(act)
    assert [list(unpacked(read(path))) for path in files(tmp_path)] == [[act]]
    assert buffer.urgent.is_set()
    running.cancel()


async def test_a_full_disk_refuses_who_waits_and_loses_hits_only(tmp_path, buffer, forwarder, store, monkeypatch):
    def full(_self, _bodies):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(RecordFile, "write", full)
    running = asyncio.create_task(buffer.run())
    buffer.keep(measured())
    with pytest.raises(StoreUnavailable, match="disk"):
        await buffer.synced(leaving())
    monkeypatch.undo()
    act = leaving()
    await buffer.synced(act)
    assert await forwarder.turn()
    assert store.acts == [act]
    running.cancel()


async def test_a_store_that_is_silent_for_long_leaves_no_room(buffer, monkeypatch):
    monkeypatch.setattr("estafette.events.buffer.MOST_OCTETS", -1)
    buffer.keep(measured())
    buffer.count(GROUP, MINUTE)
    with pytest.raises(StoreUnavailable):
        await buffer.synced(leaving())
    assert await buffer.oldest() is None


async def test_a_large_file_is_followed_by_another(tmp_path, buffer, forwarder, store, monkeypatch):
    monkeypatch.setattr("estafette.events.buffer.FILE_OCTETS", 10)
    for _ in range(3):
        buffer.keep(measured())
        await buffer.flush()
    assert len(files(tmp_path)) == 3
    assert await forwarder.turn()
    assert len(store.acts) == 3


async def test_a_file_that_the_store_refuses_holds_up_nothing_for_good(tmp_path, buffer, forwarder, store, monkeypatch):
    monkeypatch.setattr(forwarding, "TRIES", 2)
    store.fails = StoreFault("no", place="hits")
    buffer.keep(measured())
    assert not await forwarder.turn()
    assert not await forwarder.turn()
    store.fails = None
    act = measured()
    buffer.keep(act)
    assert await forwarder.turn()
    assert store.acts == [act]
    assert [path.suffix for path in files(tmp_path)] == [".refused"]


async def test_it_runs_by_itself(tmp_path, buffer, forwarder, store):
    tasks = [asyncio.create_task(buffer.run()), asyncio.create_task(forwarder.run())]
    act = measured()
    buffer.keep(act)
    await asyncio.wait_for(store.heard.wait(), 10)
    assert store.acts == [act]
    for task in tasks:
        task.cancel()
