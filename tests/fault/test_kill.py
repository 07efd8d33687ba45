"""kill -9 of each process, at named points and at any moment: nothing accepted is lost, doubles stay bounded."""

import os
import random
import signal
import time

import pytest
from tests.fault.rig import FaultRig

from estafette.base.crash import POINTS

ROUNDS = int(os.environ.get("ESTAFETTE_ROUNDS", "20"))
SEED = int(os.environ.get("ESTAFETTE_TEST_SEED", "20261123"))
GROUPS = sorted({point.partition(".")[0] for point in POINTS})
#: seconds between a session's messages: about 400 in a second in all, which two cores deliver as they come
PAUSE = 0.01
#: deaths of one start: the supervisor brings the process back and it meets its point again
IN_A_ROW = 5


def _logged_deaths(rig: FaultRig) -> int:
    """Return how many ends of processes by their crash point the supervisor has logged; the log goes on over starts."""
    return rig.service.log.read_text().count('"code": 137') if rig.service.log.exists() else 0


def _deaths(rig: FaultRig, before: int, wanted: int, within: float) -> int:
    """Return how many processes died since ``before`` was counted, as soon as there are ``wanted``."""
    until = time.monotonic() + within
    while (found := _logged_deaths(rig) - before) < wanted and time.monotonic() < until:
        time.sleep(0.05)
    return found


@pytest.mark.timeout(60 + 30 * ROUNDS)
@pytest.mark.parametrize("group", GROUPS)
def test_kill_at_named_points(fault_rig, group, record):
    """Dies at a point again and again, then everything at once as by a power switch; one data folder throughout."""
    dice = random.Random(f"{SEED}{group}")
    points = [point for point in POINTS if point.startswith(group)]
    deaths, switched_off, reached = 0, 0, set()
    while deaths < ROUNDS:
        point = points[switched_off % len(points)]
        fault_rig.service.environment = {"ESTAFETTE_CRASH": f"{point}:{dice.randint(20, 60)}"}
        before = _logged_deaths(fault_rig)
        fault_rig.service.start()
        with fault_rig.load(f"{group}{switched_off}", pause=PAUSE) as load:
            died = _deaths(fault_rig, before, min(IN_A_ROW, ROUNDS - deaths), within=12)
            fault_rig.service.kill()
        fault_rig.keep(load)
        assert died, f"nothing died at {point}:\n{fault_rig.service.log.read_text()[-2000:]}"
        reached.add(point)
        deaths, switched_off = deaths + died, switched_off + 1
    assert reached == set(points) or len(points) * IN_A_ROW > ROUNDS
    fault_rig.service.environment = {}
    fault_rig.service.start()
    record(fault_rig.settle(deaths + switched_off) | {"deaths_at_points": deaths})


def _victim(rig: FaultRig, dice: random.Random) -> int:
    return dice.choice(sorted(pid for pid in rig.service.processes() if pid != rig.service.pid))


@pytest.mark.timeout(120 + 30 * ROUNDS)
def test_kill_of_any_process_at_any_moment(fault_rig, record):
    dice = random.Random(SEED)
    fault_rig.service.roles = ()
    fault_rig.service.start()
    everyone = len(fault_rig.service.processes())
    kills = 0
    with fault_rig.load("any", pause=PAUSE) as load:
        while kills < ROUNDS:
            time.sleep(dice.uniform(0.05, 0.8))
            if len(fault_rig.service.processes()) > 1:
                os.kill(_victim(fault_rig, dice), signal.SIGKILL)
                kills += 1
        assert load.reach(len(load.accepted) + 20), "intake did not come back after the last kill"
    fault_rig.keep(load)
    assert len(fault_rig.accepted) > ROUNDS
    record(fault_rig.settle(kills))
    assert everyone > 2


def test_children_end_with_their_supervisor_and_the_next_start_recovers(fault_rig):
    fault_rig.service.roles = ()
    for number in range(2):
        fault_rig.service.start()
        with fault_rig.load(f"orphans{number}") as load:
            assert load.reach(100)
            os.kill(fault_rig.service.pid, signal.SIGKILL)
            until = time.monotonic() + 20
            while left := fault_rig.service.processes():
                assert time.monotonic() < until, f"outlived their supervisor: {left}"
                time.sleep(0.05)
        fault_rig.service.kill()
        fault_rig.keep(load)
    fault_rig.service.start()
    fault_rig.settle(2)


def test_sigterm_under_load_is_clean(fault_rig):
    fault_rig.service.roles = ()
    for number in range(2):
        fault_rig.service.start()
        with fault_rig.load(f"term{number}") as load:
            assert load.reach(100 + 37 * number)
            fault_rig.service.stop()
        fault_rig.keep(load)
    fault_rig.service.start()
    fault_rig.settle(0)


def test_sigterm_while_a_process_starts_again_is_clean(fault_rig):
    dice = random.Random(SEED)
    service = fault_rig.service
    service.roles = ()
    for _ in range(3):
        service.start()
        before = service.processes()
        os.kill(_victim(fault_rig, dice), signal.SIGKILL)
        until = time.monotonic() + 20
        while not set(service.processes()) - set(before):
            assert time.monotonic() < until, "the killed process was not started again"
        service.stop()
