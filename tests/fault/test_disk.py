"""Disk full and failing fsync under the real store process: a coded no, nothing half-accepted, nothing lost."""

import subprocess
import time

import pytest
from tests.fault.rig import FaultRig
from tests.servers.failing_syncs import FailingSyncs, owner


@pytest.fixture
def small_disk(folder, root):
    place = folder / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_disk_full_refuses_and_keeps_what_it_took(small_disk, certificates, dns):
    settings = {"limits": {"free_disk": "0%"}, "delivery": {"expire": "1h"}}
    with FaultRig(small_disk / "service", certificates, dns, settings) as rig:
        rig.service.run("queue", "hold", "--domain", "sink.test")
        rig.service.start()
        with rig.load("full", size=100_000) as load:
            load.reach(10**6, within=8)
        rig.keep(load)
        assert load.accepted
        assert load.refused, "the disk never filled"
        assert {reply[:1] for reply in load.refused} == {b"4"}
        rig.service.kill()
        subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
        rig.service.start()
        rig.service.run("queue", "release", "--domain", "sink.test")
        rig.settle(1)


def test_low_space_refuses_before_data(small_disk, certificates, dns):
    with FaultRig(small_disk / "service", certificates, dns, {"limits": {"free_disk": "1GB"}}) as rig:
        rig.service.start()
        with rig.load("low") as load:
            load.reach(1, within=3)
        assert not load.accepted
        assert load.refused
        assert {reply[:3] for reply in load.refused} <= {b"452", b"503"}
        rig.service.stop()


def test_failing_fsync_answers_451_and_never_250(fault_rig):
    """The store's process says 451, ends, and starts again; the couriers keep what was answered meanwhile."""
    service = fault_rig.service
    service.start()
    with fault_rig.load("failing") as load:
        assert load.reach(20)
        with FailingSyncs(owner(service.data)):
            until = time.monotonic() + 30
            while '"code": 70' not in service.log.read_text():
                assert time.monotonic() < until, "the process went on after a failed sync"
                time.sleep(0.05)
        assert load.reach(len(load.accepted) + 20, 60), "intake did not come back"
    fault_rig.keep(load)
    assert b"451" in {reply[:3] for reply in load.refused}
    assert {reply[:3] for reply in load.refused} <= {b"451", b"452", b"421", b"503"}
    fault_rig.settle(0)
