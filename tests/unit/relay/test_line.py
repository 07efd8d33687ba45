"""The line with a real store in a process of its own, a real socket to it, and a peer that answers when told."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from tests.contract.kit import submission

from estafette.base.crew import Crew
from estafette.base.errors import StoreUnavailable
from estafette.config.schema import Delivery as Settings
from estafette.config.schema import Egress
from estafette.model.event import Event, unpack
from estafette.model.message import Content, Delivery
from estafette.model.rule import Filter
from estafette.net.resolver import Resolver
from estafette.relay.delivery.carrier import Carrier
from estafette.relay.journal import Journal
from estafette.relay.line import Line
from estafette.relay.preparation.context import PreparationContext
from estafette.relay.scheduling import providers
from estafette.relay.scheduling.scheduler import Scheduler
from estafette.runtime.clock import SystemClock
from estafette.store.interface.spool import SHARDS
from estafette.store.open import Store, open_store
from estafette.testing.mx import ScriptedMx

MESSAGES = 30
STORE = """
import asyncio, sys
from estafette.store.open import open_store
async def main():
    store = await open_store(sys.argv[1], free_disk=0)
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


class WhenTold(msgspec.Struct):
    """Answers the final dot once ``told``."""

    told: threading.Event

    def play(self, line: socket.socket, over: threading.Event) -> None:
        while not self.told.wait(0.01) and not over.is_set():
            pass
        line.sendall(b"250 2.0.0 taken\r\n")


@contextlib.contextmanager
def _store_process(folder: Path):
    with subprocess.Popen([sys.executable, "-c", STORE, f"sqlite://{folder}"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


@contextlib.asynccontextmanager
async def _courier(
    folder: Path, peer: ScriptedMx, halts: Callable[[Delivery, Content], str] = lambda *_: ""
) -> AsyncIterator[Store]:
    """Run a line over the store of another process, by way of the peer as smarthost; yields its client."""
    clock = SystemClock()
    store = await open_store(f"sqlite://{folder}", role="client", clock=clock)
    settings, egress = Settings(), {"default": Egress(smarthost=f"smtp://127.0.0.1:{peer.at[1]}")}
    crew = Crew(asyncio.get_running_loop(), 2, "test-signing")
    carrier = Carrier(
        delivery=settings, egress=egress, hostname="mx.test", resolver=Resolver([peer.at]), clock=clock, providers=()
    )
    mac: Callable[[bytes], bytes] = lambda _: bytes(16)  # noqa: E731
    line = Line(
        worker="courier-1", spool=store.spool, carrier=carrier, clock=clock, mint=store.mint, crew=crew, shards=SHARDS,
        journal=Journal(folder / "journal", "courier-1"),
        scheduler=Scheduler(providers.load(), settings, egress, random.Random(1)),
        context=lambda _: PreparationContext(mac, "b.test", (), (), int(clock.now())),
        opens=lambda _delivery, now: now,
        halts=halts,
    )  # fmt: skip
    running = asyncio.create_task(line.run())
    try:
        yield store
    finally:
        line.stop()
        await asyncio.wait_for(running, 20)
        crew.close()
        await store.close()


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the peer lives in threads
            await asyncio.sleep(0.01)


async def _accept(store: Store) -> None:
    now = time.time()
    made = [submission(body=b"Subject: m%d\r\n\r\nx\r\n" % n, due=now, id=store.mint.next()) for n in range(MESSAGES)]
    await asyncio.gather(*[store.spool.accept(each) for each in made])


async def _settled(store: Store) -> dict[str, int]:
    async with asyncio.timeout(20):
        while (counts := dict(await store.spool.counts()))["queued"]:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.01)
    return counts


def _seen(peer: ScriptedMx) -> Counter[bytes]:
    return Counter(match[1] for message in peer.messages if (match := re.search(rb"Subject: (m\d+)", message)))


EACH_ONCE = Counter({b"m%d" % number: 1 for number in range(MESSAGES)})


async def test_outcomes_outlive_a_killed_store_and_nothing_is_attempted_twice(tmp_path: Path) -> None:
    told = threading.Event()
    with ScriptedMx({"DOT": WhenTold(told)}) as peer, contextlib.ExitStack() as stack:
        first = stack.enter_context(_store_process(tmp_path))
        async with _courier(tmp_path, peer) as store:
            await _accept(store)
            await _until(lambda: len(peer.messages) >= 3)
            first.send_signal(signal.SIGKILL)
            first.wait()
            told.set()
            await _until(lambda: len(peer.messages) == MESSAGES)
            stack.enter_context(_store_process(tmp_path))
            counts = await _settled(store)
            assert counts["sent"] == counts["accepted"] == MESSAGES
            assert _seen(peer) == EACH_ONCE


async def test_rows_under_way_are_not_handed_out_again_by_wakes_or_reads(tmp_path: Path) -> None:
    told = threading.Event()
    with ScriptedMx({"DOT": WhenTold(told)}) as peer, _store_process(tmp_path):
        async with _courier(tmp_path, peer) as store:
            await _accept(store)
            await _until(lambda: len(peer.messages) >= 3)
            for _ in range(5):
                assert await store.spool.requeue(Filter(), time.time()) == MESSAGES
            told.set()
            counts = await _settled(store)
            assert counts["sent"] == MESSAGES
            assert _seen(peer) == EACH_ONCE


async def test_a_quiet_courier_is_quick(tmp_path: Path) -> None:
    """From the durable accept to the peer's 250; the fastest of ten, since machines that test are busy."""
    with ScriptedMx({}) as peer, _store_process(tmp_path):
        async with _courier(tmp_path, peer) as store:
            times = []
            for number in range(10):
                await store.spool.accept(submission(due=time.time(), id=store.mint.next()))
                began = time.perf_counter()
                await _until(lambda: len(peer.messages) > number)  # noqa: B023 - awaited within the turn
                times.append(time.perf_counter() - began)
                await _settled(store)
            assert min(times) < 0.1


async def test_shards_that_another_held_at_the_start_are_taken_when_they_get_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estafette.relay.shards.RENEW_EVERY", 0.05)
    with ScriptedMx({}) as peer, _store_process(tmp_path):
        other = await open_store(f"sqlite://{tmp_path}", role="client", clock=SystemClock())
        await other.spool.lease("courier-0", SHARDS)
        async with _courier(tmp_path, peer) as store:
            await _accept(store)
            assert not peer.messages
            await other.close()
            counts = await _settled(store)
            assert counts["sent"] == MESSAGES
            assert _seen(peer) == EACH_ONCE


async def _logged(store: Store, kind: str) -> list[Event]:
    events = [unpack(blob) for _, blob in await store.spool.outbox(0)]
    return [event for event in events if event.kind == kind]


async def test_who_is_suppressed_meanwhile_is_not_attempted_and_the_others_are(tmp_path: Path) -> None:
    def halts(row: Delivery, _content: Content) -> str:
        return "complained" if row.address.startswith("gone") else ""

    with ScriptedMx({}) as peer, _store_process(tmp_path):
        async with _courier(tmp_path, peer, halts) as store:
            mail = submission("ann@example.com", "gone@example.com", body=b"Subject: m0\r\n\r\nx\r\n", due=time.time())
            await store.spool.accept(mail)
            counts = await _settled(store)
            assert (counts["sent"], counts["rejected"]) == (1, 1)
            (event,) = await _logged(store, "rejected")
    assert (event.recipient, event.reason, event.attempt) == ("gone@example.com", "suppressed", 0)
    assert event.reply is not None
    assert "complained" in event.reply.text
    assert len(peer.messages) == 1


async def test_without_the_lists_nothing_is_attempted_until_they_are_there(tmp_path: Path) -> None:
    asked: list[str] = []

    def halts(row: Delivery, _content: Content) -> str:
        asked.append(row.address)
        raise StoreUnavailable("silent", place="control.db")

    with ScriptedMx({}) as peer, _store_process(tmp_path):
        async with _courier(tmp_path, peer, halts) as store:
            await store.spool.accept(submission("ann@example.com", due=time.time()))
            await _until(lambda: asked)
            async with asyncio.timeout(20):
                while not (deferred := await _logged(store, "deferred")):  # noqa: ASYNC110 - another process writes
                    await asyncio.sleep(0.01)
            assert deferred[0].reason == "internal_error"
            assert dict(await store.spool.counts())["queued"] == 1
    assert peer.messages == []
