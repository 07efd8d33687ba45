"""The order of system calls: the spool is synced before 250 goes out."""

import re

from tests.servers import packages


def test_the_log_is_synced_before_the_reply(fault_rig):
    trace = fault_rig.service.folder / "trace"
    fault_rig.service.wrapper = [
        packages.program("strace"), "-f", "-qqq", "-y", "-s", "60", "-o", str(trace), "-e",
        "trace=fsync,fdatasync,write,writev,sendto,sendmsg,pwrite64",
    ]  # fmt: skip
    fault_rig.service.start(60)
    with fault_rig.load("sync", sessions=1) as load:
        assert load.reach(5, 30)
    fault_rig.keep(load)
    fault_rig.settle(0)
    synced = replies = 0
    for line in trace.read_text(errors="replace").splitlines():
        if re.search(r"f(data)?sync\(\d+<[^>]*spool\.db", line):
            synced += 1
        elif "queued as" in line:
            replies += 1
            assert synced >= replies, "a 250 went out before its sync"
    assert replies >= 5
    assert synced >= replies
