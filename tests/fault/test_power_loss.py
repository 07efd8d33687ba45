"""Power loss: what was answered 250 is in what had been synced, wherever the power goes."""

import random
import shutil

import apsw
from tests.fault.powerloss import CALLS, Replay
from tests.servers import packages

from estafette.base import ids


def _kept(folder) -> set[int]:
    spool = apsw.Connection(str(folder / "spool.db"))
    try:
        assert spool.execute("pragma integrity_check").fetchall() == [("ok",)]
        return {row[0] for row in spool.execute("select message from delivery")}
    finally:
        spool.close()


def test_every_promise_survives(fault_rig):
    service = fault_rig.service
    service.run("queue", "hold", "--domain", "sink.test")
    service.start()
    service.stop()
    before, trace = service.folder / "before", service.folder / "trace"
    shutil.copytree(service.data, before, ignore=shutil.ignore_patterns("*.sock"))
    service.wrapper = [
        packages.program("strace"),
        "-f",
        "-qqq",
        "-y",
        "-xx",
        "-s",
        "1000000",
        "-o",
        str(trace),
        "-e",
        CALLS,
    ]
    service.start(60)
    with fault_rig.load("power") as load:
        assert load.reach(60, 40)
    service.stop(60)
    plain = service.folder / "traced"
    service.data.rename(plain)
    shutil.copytree(before, service.data)
    dice = random.Random(1)
    for cut in (1, *sorted(dice.sample(range(2, 60), 8))):
        replay, survived = Replay(service.data), service.folder / f"cut{cut}"
        replay.walk(trace, cut)
        replay.write(survived)
        promised = {ids.read(text) for text in replay.promised}
        assert len(promised) >= cut
        assert promised <= _kept(survived), f"power cut after {cut} promises lost mail"
    deaf, lost = Replay(service.data, deaf=True), service.folder / "deaf"
    deaf.walk(trace, 30)
    deaf.write(lost)
    assert not {ids.read(text) for text in deaf.promised} <= _kept(lost), "the control must lose mail"
