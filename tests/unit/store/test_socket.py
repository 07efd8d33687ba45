"""The store's socket: what one process asks of another, through restarts and rubbish."""

from __future__ import annotations

import asyncio
import signal
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.kit import START, defer, feed, submission

from estafette.base.errors import StoreUnavailable
from estafette.model.rule import Filter
from estafette.store.open import open_store, store_running
from estafette.store.sqlite import link
from estafette.store.sqlite.frames import BadFrame, Frames, frame


async def test_a_client_outlives_a_restart_of_the_store(tmp_path, clock):
    url = f"sqlite://{tmp_path}/d"
    owner = await open_store(url, clock=clock, free_disk=0)
    client = await open_store(url, role="client", clock=clock)
    epochs = await client.spool.lease("w", 64)
    wakes = client.spool.wakes("w")
    assert (await anext(wakes)).reread
    woken = asyncio.ensure_future(anext(wakes))
    sent = submission()
    await client.spool.accept(sent)
    assert (await woken).deliveries == sent.deliveries
    await owner.close()
    woken = asyncio.ensure_future(anext(wakes))
    later = submission()
    waiting = client.spool.accept(later)
    assert not client.spool.health().accepting
    owner = await open_store(url, clock=clock, free_disk=0)
    async with asyncio.timeout(5):
        assert (await woken).reread
        await waiting
    await client.spool.settle("w", epochs, [defer(sent.content.id)])
    rows = (await client.spool.take(feed(), until=START + 300)).rows
    assert {row.message: row.due for row in rows} == {sent.content.id: START + 300, later.content.id: START}
    await wakes.aclose()
    await client.close()
    await owner.close()


async def test_an_accept_whose_answer_was_lost_is_not_doubled(store):
    sent = submission()
    await store.spool.accept(sent)
    again = [store.spool.accept_again(each) for each in (sent, submission("new@example.com"))]
    others = [store.spool.accept(submission("other@example.com")) for _ in range(3)]
    await asyncio.gather(*others, *again)
    assert (await store.spool.find(Filter(message=sent.content.id))).items == sent.deliveries
    counts = await store.spool.counts()
    assert counts["accepted"] == counts["queued"] == 5


async def test_of_many_accepts_whose_answer_was_lost_only_the_missing_are_made(store):
    sent = [submission() for _ in range(3)]
    await store.spool.accept_many(sent[:2])
    await store.spool.accept_many_again(sent)
    counts = await store.spool.counts()
    assert counts["accepted"] == counts["queued"] == 3
    assert len(await store.spool.outbox(0)) == 3


STORE = """
import asyncio, sys
from estafette.store.open import open_store
async def main():
    await open_store(sys.argv[1], free_disk=0)
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def store_process(tmp_path):
    command = [sys.executable, "-c", STORE, f"sqlite://{tmp_path}/d"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


async def test_a_store_that_hangs_is_given_up_and_heard_again_when_it_goes_on(
    tmp_path, clock, store_process, monkeypatch
):
    for name in ("PATIENCE", "SILENT", "LOOK"):
        monkeypatch.setattr(link, name, 0.2)
    client = await open_store(f"sqlite://{tmp_path}/d", role="client", clock=clock)
    store_process.send_signal(signal.SIGSTOP)
    async with asyncio.timeout(10):
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await client.spool.place({"d.test": "s.test"})
        patient = client.spool.accept(submission())
        while client.spool.health().accepting:  # noqa: ASYNC110 - the link looks now and then
            await asyncio.sleep(0.01)
        store_process.send_signal(signal.SIGCONT)
        await patient
        while not client.spool.health().accepting:  # noqa: ASYNC110 - the link looks now and then
            await asyncio.sleep(0.01)
    assert (await client.spool.counts())["accepted"] == 1
    await client.close()


async def test_a_store_that_dies_while_a_client_resumes_is_resumed_with_later(tmp_path, clock):
    """A dying process closes its sessions before its listening socket: one more connection may end in nothing."""
    url, path = f"sqlite://{tmp_path}/d", tmp_path / "d/store.sock"
    owner = await open_store(url, clock=clock, free_disk=0)
    client = await open_store(url, role="client", clock=clock)
    await client.spool.lease("w", 64)
    await owner.close()
    asked = asyncio.Event()

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()
        asked.set()

    dying = await asyncio.start_unix_server(die, path)
    async with asyncio.timeout(5):
        await asked.wait()
        dying.close()
        owner = await open_store(url, clock=clock, free_disk=0)
        await client.spool.accept(submission())
    await client.close()
    await owner.close()


async def test_shards_of_a_client_that_went_away_are_free(store, clock):
    client = await open_store(f"sqlite://{store.folder}", role="client", clock=clock)
    assert len(await client.spool.lease("w", 64)) == 64
    assert not await store.spool.lease("other", 1)
    await client.close()
    async with asyncio.timeout(5):
        while not await store.spool.lease("other", 1):  # noqa: ASYNC110 - the loss shows later
            await asyncio.sleep(0.01)


async def test_the_socket_is_ours_alone_and_refuses_rubbish(store):
    path = store.folder / "store.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"EHLO example.com\r\n")
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
    await store.spool.accept(submission())


async def test_an_unknown_method_is_answered_not_obeyed(store):
    reader, writer = await asyncio.open_unix_connection(store.folder / "store.sock")
    for number, method in enumerate(("wake", "close", "__class__"), 1):
        writer.write(frame(number, method, ()))
        length = int.from_bytes(await reader.readexactly(4), "big")
        ((answered, word, _),) = Frames().feed(length.to_bytes(4, "big") + await reader.readexactly(length))
        assert (answered, word) == (number, "error")
    writer.close()


async def test_one_owner_at_a_time_and_no_client_without_one(store, clock, tmp_path):
    assert store_running(f"sqlite://{store.folder}")
    with pytest.raises(StoreUnavailable, match="owns"):
        await open_store(f"sqlite://{store.folder}", clock=clock)
    with pytest.raises(StoreUnavailable, match="no store"):
        await open_store(f"sqlite://{tmp_path}/none", role="client", clock=clock)


async def test_writer_numbers_of_processes_differ(store, clock):
    clients = [await open_store(f"sqlite://{store.folder}", role="client", clock=clock) for _ in range(3)]
    assert len({each.mint.next() for each in (store, *clients)}) == 4
    for each in clients:
        await each.close()


@given(st.lists(st.tuples(st.integers(0, 2**32), st.text(max_size=9), st.binary(max_size=99)), max_size=5), st.data())
def test_frames_survive_any_cut(messages, data):
    stream = b"".join(frame(*each) for each in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    frames, found, start = Frames(), [], 0
    for cut in [*cuts, len(stream)]:
        found.extend(frames.feed(stream[start:cut]))
        start = cut
    assert [(number, word) for number, word, _ in found] == [each[:2] for each in messages]


@given(st.binary(min_size=5, max_size=200).filter(lambda data: data[4] != 1))
def test_another_protocol_is_told_apart_at_once(rubbish):
    with pytest.raises(BadFrame):
        list(Frames().feed(rubbish))
