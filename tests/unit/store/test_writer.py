"""Faults of the disk under the real store, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from tests.contract.kit import done, submission

from estafette.base.crash import KILLED
from estafette.store.open import open_store

ROOT = Path(__file__).parents[3]
ACCEPT = """
import asyncio, sys
from tests.contract.kit import submission, TestClock
from estafette.store.open import open_store
async def main():
    store = await open_store("sqlite://" + sys.argv[1], clock=TestClock(), free_disk=0)
    for _ in range(5):
        await store.spool.accept(submission())
        print("accepted", flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize(("point", "acknowledged", "kept"), [("before", 2, 2), ("after", 2, 3)])
def test_a_crash_around_the_commit_loses_nothing_acknowledged(tmp_path, point, acknowledged, kept):
    result = subprocess.run(
        [sys.executable, "-c", ACCEPT, tmp_path / "d"],
        env={"ESTAFETTE_CRASH": f"accept.{point}_commit:3", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        cwd=ROOT, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert result.returncode == KILLED, result.stderr
    assert result.stdout.count("accepted") == acknowledged
    connection = apsw.Connection(str(tmp_path / "d" / "spool.db"))
    assert connection.execute("SELECT count(*) FROM delivery").fetchone() == (kept,)
    assert connection.execute("SELECT accepted FROM tally").fetchone() == (kept,)
    connection.close()


DISK = """
import asyncio, subprocess, sys, pathlib
from tests.contract.kit import submission, TestClock
from estafette.base.errors import StoreUnavailable
from estafette.store.open import open_store
from estafette.base import log
log.configure()
async def main():
    data = pathlib.Path(sys.argv[1]); data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", data], check=True)
    dead = []
    store = await open_store(f"sqlite://{data}", clock=TestClock(), free_disk=0, fatal=dead.append)
    accepted = 0
    try:
        for _ in range(100):
            await store.spool.accept(submission(body=bytes(100_000)))
            accepted += 1
    except StoreUnavailable as error:
        print(error.cause, error.temporary)
    subprocess.run(["mount", "-o", "remount,size=64m", data], check=True)
    await store.spool.accept(submission())
    counts = await store.spool.counts()
    print(counts["queued"] == counts["accepted"] == accepted + 1, accepted > 5, dead, store.spool.health().accepting)
    await store.close()
asyncio.run(main())
"""


def test_a_full_disk_refuses_and_then_goes_on(tmp_path):
    own = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    result = subprocess.run(
        ["unshare", *own, sys.executable, "-c", DISK, tmp_path / "d"],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if "unshare failed" in result.stderr:
        pytest.skip("SKIPPED: mounting a small disk needs root, or namespaces for users")
    assert result.stdout.splitlines()[-2:] == ["the disk is full True", "True True [] True"], result.stderr


BROKEN = """
import asyncio, os, sys
from tests.contract.kit import submission, TestClock
from tests.servers.failing_syncs import FailingSyncs, allow
from estafette.base.errors import StoreUnavailable
from estafette.store.open import open_store
async def main():
    allow()
    dead = []
    store = await open_store("sqlite://" + sys.argv[1], clock=TestClock(), free_disk=0, fatal=dead.append)
    await store.spool.accept(submission())
    failed = 0
    with FailingSyncs(os.getpid()):
        for _ in range(2):
            try:
                await store.spool.accept(submission())
            except StoreUnavailable:
                failed += 1
    try:
        await store.spool.accept(submission())
    except StoreUnavailable:
        failed += 1
    print(failed, len(dead), store.spool.health().accepting, flush=True)
asyncio.run(main())
"""


def test_a_failed_sync_is_never_retried_and_stops_the_store(tmp_path, servers):
    result = subprocess.run(
        [sys.executable, "-c", BROKEN, tmp_path / "d"],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.stdout.split("\n")[-2:-1] == ["3 1 False"], result.stdout + result.stderr


CHECKPOINT = """
import asyncio, os, sys, threading
from tests.contract.kit import submission, TestClock
from tests.servers.failing_syncs import FailingSyncs, allow
from estafette.base.errors import StoreUnavailable
from estafette.store.open import open_store
async def main():
    allow()
    dead = []
    store = await open_store("sqlite://" + sys.argv[1], clock=TestClock(), free_disk=0, fatal=dead.append)
    thread = next(each.native_id for each in threading.enumerate() if each.name == "store-checkpoint")
    accepted, error = 0, None
    with FailingSyncs(os.getpid(), thread):
        while error is None:
            try:
                await store.spool.accept(submission(body=bytes(200_000)))
                accepted += 1
            except StoreUnavailable as broken:
                error = broken
    print(error.cause, error.temporary, len(dead), store.spool.health().accepting)
    print(accepted, flush=True)
    os._exit(0)
asyncio.run(main())
"""


def test_a_checkpoint_that_cannot_be_synced_stops_the_store_and_loses_nothing(tmp_path, servers):
    result = subprocess.run(
        [sys.executable, "-c", CHECKPOINT, tmp_path / "d"],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        cwd=ROOT, capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    told, accepted = result.stdout.splitlines()[-2:]
    assert "a checkpoint could not be synced False 1 False" in told, result.stdout + result.stderr
    assert int(accepted) > 20
    connection = apsw.Connection(str(tmp_path / "d" / "spool.db"))
    assert connection.pragma("integrity_check") == "ok"
    # what was refused last may be there: its commit was synced before the checkpoint's failure was known
    assert connection.execute("SELECT count(*) FROM delivery").fetchone() in {(int(accepted),), (int(accepted) + 1,)}
    connection.close()


async def test_ids_grow_over_a_restart_though_the_clock_stepped_back(tmp_path, clock):
    url = f"sqlite://{tmp_path}/d"
    store = await open_store(url, clock=clock, free_disk=0)
    before = store.mint.next()
    await store.spool.accept(submission(id=before))
    await store.close()
    clock.moment -= 86_400
    store = await open_store(url, clock=clock, free_disk=0)
    assert store.mint.next() > before
    await store.close()


async def test_the_log_is_copied_to_the_file_in_the_background_and_at_the_end(tmp_path, clock):
    store = await open_store(f"sqlite://{tmp_path}/d", clock=clock, free_disk=0)
    log, file = store.folder / "spool.db-wal", store.folder / "spool.db"
    body = bytes(200_000)
    for _ in range(20):
        waiting = [asyncio.ensure_future(store.spool.accept(submission(body=body))) for _ in range(20)]
        await asyncio.gather(*waiting)
    async with asyncio.timeout(5):
        while file.stat().st_size < 60 << 20:  # noqa: ASYNC110 - another thread works
            await asyncio.sleep(0.01)
    await store.close()
    assert not log.exists()


async def test_the_log_begins_anew_while_commits_go_on(tmp_path, clock):
    store = await open_store(f"sqlite://{tmp_path}/d", clock=clock, free_disk=0)
    log = store.folder / "spool.db-wal"
    body = bytes(200_000)
    await store.spool.accept(submission(body=body))
    salt = log.read_bytes()[16:24]
    async with asyncio.timeout(30):
        while log.read_bytes()[16:24] == salt:
            await asyncio.gather(*(asyncio.ensure_future(store.spool.accept(submission(body=body))) for _ in range(4)))
    await store.spool.accept(submission(body=body))
    accepted = (await store.spool.counts())["accepted"]
    await store.close()
    connection = apsw.Connection(str(store.folder / "spool.db"))
    assert connection.pragma("integrity_check") == "ok"
    assert connection.execute("SELECT count(*) FROM delivery").fetchone() == (accepted,)
    connection.close()


async def test_an_accept_waits_for_whoever_holds_the_file_while_the_event_loop_goes_on(store):
    other = apsw.Connection(str(store.folder / "spool.db"))
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(store.spool.accept(submission()))
    assert (await store.spool.counts())["accepted"] == 0
    assert not waiting.done()
    other.execute("ROLLBACK")
    other.close()
    await waiting
    assert (await store.spool.counts())["accepted"] == 1


async def test_a_bad_settlement_spoils_neither_the_wide_nor_the_narrow_ones_beside_it(store):
    epochs = await store.spool.lease("w", 64)
    first = submission()
    await store.spool.accept(first)
    wide = submission(*(f"a{number}@example.com" for number in range(500)))
    beside = [submission() for _ in range(20)]
    ended = await asyncio.gather(
        *(store.spool.accept(each) for each in beside),
        store.spool.settle("w", epochs, [done(first.content.id, kind="queued")]),
        store.spool.accept(wide),
        store.spool.settle("w", epochs, [done(first.content.id)]),
        return_exceptions=True,
    )
    assert [type(each).__name__ for each in ended if each is not None] == ["StoreFault"]
    counts = await store.spool.counts()
    assert (counts["accepted"], counts["delivered"], counts["queued"]) == (521, 1, 520)
