"""Two couriers over one store: one is killed again and again while both deliver, the other goes on."""

import os
import signal
import time
from pathlib import Path

import pytest
from tests.fault.rig import FaultRig

from estafette.store.interface.spool import SHARDS, shard_of

KILLS = 3
#: a courier works on one site of each half of the shards, whichever half it was given
HALVES = 2


@pytest.fixture
def pair_rig(folder, certificates, dns):
    with FaultRig(folder / "service", certificates, dns, settings={"runtime": {"courier": 2}}) as rig:
        yield rig


def _sites(rig: FaultRig) -> list[str]:
    """Return a domain for each half of the shards; a site bears the name of its one exchanger."""
    found: dict[int, str] = {}
    for number in range(50):
        domain = f"half{number}.test"
        found.setdefault(shard_of(f"mx.{domain}") * HALVES // SHARDS, domain)
    for domain in found.values():
        rig.dns.mail_exchanger(domain, rig.receiver_address)
    return list(found.values())


def _connections(port: int) -> set[str]:
    """Return the sockets of this machine that are connected to a port."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return {fields[9] for line in lines if (fields := line.split())[2].endswith(f":{port:04X}") and fields[3] == "01"}


def _sockets(pid: int) -> set[str]:
    try:
        links = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return set()
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def _couriers(rig: FaultRig) -> list[int]:
    """Return who talks to the receiver."""
    connected = _connections(rig.port)
    return [pid for pid in rig.service.processes() if _sockets(pid) & connected]


def _both(rig: FaultRig, within: float = 30.0) -> list[int]:
    until = time.monotonic() + within
    while len(found := _couriers(rig)) < HALVES:
        assert time.monotonic() < until, f"{len(found)} couriers deliver"
        time.sleep(0.05)
    return found


@pytest.mark.timeout(180)
def test_mail_of_a_killed_courier_is_delivered_and_the_other_goes_on(pair_rig, record):
    rig = pair_rig
    first, second = _sites(rig)
    rig.service.start()
    with (
        rig.load("first", recipient=f"j@{first}", pause=0.01) as one,
        rig.load("second", recipient=f"j@{second}", pause=0.01) as two,
    ):
        for _ in range(KILLS):
            victim, survivor = _both(rig)
            os.kill(victim, signal.SIGKILL)
            while victim in rig.service.processes():
                time.sleep(0.01)
            assert survivor in _both(rig)
        assert one.reach(len(one.accepted) + 20)
        assert two.reach(len(two.accepted) + 20)
    rig.keep(one)
    rig.keep(two)
    record(rig.settle(KILLS))
