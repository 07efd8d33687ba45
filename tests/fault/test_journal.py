"""A courier that loses the store for good: what was answered with 250 is not sent again by the next run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.fault.rig import FaultRig

from estafette.relay.journal import read

MESSAGES = 40


def _until(condition: Callable[[], object], rig: FaultRig, within: float = 30.0) -> None:
    until = time.monotonic() + within
    while not condition():
        said = rig.service.log.read_text()[-3000:]
        assert time.monotonic() < until, f"{_kept(rig)} kept of {len(rig.accepted)} accepted\n{said}"
        time.sleep(0.05)


def _holder(rig: FaultRig, path: Path) -> int:
    """Return the pid of the process that has a file open."""
    for pid in rig.service.processes():
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            if os.path.realpath(entry) == os.path.realpath(path):
                return pid
    raise AssertionError(f"nobody has {path} open")


def _journals(rig: FaultRig) -> list[Path]:
    return list((rig.service.data / "journal").glob("*.journal"))


def _kept(rig: FaultRig) -> int:
    return sum(1 for path in _journals(rig) for _ in read(path))


def _lose_the_store_with_outcomes_waiting(rig: FaultRig) -> int:
    """Have every message answered by the receiver while the store says nothing; return the store's pid."""
    store = _holder(rig, rig.service.data / "lock")
    with rig.receiver_paused():
        with rig.load("lost") as load:
            assert load.reach(MESSAGES)
        rig.keep(load)
        # The couriers know all of it: what arrived before an order was told to them before the order ended.
        rig.service.run("queue", "retry", "--all")
        os.kill(store, signal.SIGSTOP)
    return store


def test_a_courier_and_a_store_that_die_together_send_nothing_twice(fault_rig):
    fault_rig.service.start()
    _lose_the_store_with_outcomes_waiting(fault_rig)
    _until(lambda: _kept(fault_rig) == len(fault_rig.accepted), fault_rig)
    fault_rig.service.kill()
    assert set(fault_rig.received()) == fault_rig.accepted
    fault_rig.service.start()
    fault_rig.settle(0)
    assert _journals(fault_rig) == []


def test_a_store_that_is_killed_takes_the_outcomes_when_it_is_back(fault_rig):
    fault_rig.service.start()
    store = _lose_the_store_with_outcomes_waiting(fault_rig)
    _until(lambda: _kept(fault_rig), fault_rig)
    os.kill(store, signal.SIGKILL)
    _until(lambda: not _journals(fault_rig), fault_rig)
    fault_rig.settle(0)
