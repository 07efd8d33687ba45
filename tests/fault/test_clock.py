"""The wall clock jumps both ways: ids never repeat, nothing expires without an attempt."""

import pytest
from tests.servers import packages


@pytest.mark.parametrize("jump", ["-3d", "+30d"])
def test_mail_survives_a_clock_jump(fault_rig, jump):
    service = fault_rig.service
    service.run("queue", "hold", "--domain", "sink.test")
    service.start()
    with fault_rig.load(f"early{jump}") as load:
        assert load.reach(20)
    fault_rig.keep(load)
    service.stop()
    library = next(packages.TREE.glob("usr/lib/*/faketime/libfaketimeMT.so.1"))
    service.environment = {"LD_PRELOAD": str(library), "FAKETIME": jump, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    service.start()
    with fault_rig.load(f"late{jump}") as load:
        assert load.reach(20)
    fault_rig.keep(load)
    service.run("queue", "release", "--domain", "sink.test")
    fault_rig.settle(0)
