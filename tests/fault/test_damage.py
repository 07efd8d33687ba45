"""A damaged spool row is set aside whole and reported; the others leave."""

import time

import apsw


def test_a_damaged_content_is_quarantined(fault_rig):
    service = fault_rig.service
    service.run("queue", "hold", "--domain", "sink.test")
    service.start()
    with fault_rig.load("damage", sessions=1) as load:
        assert load.reach(20)
    fault_rig.keep(load)
    service.stop()
    spool = apsw.Connection(str(service.data / "spool.db"))
    spool.execute("update content set body = x'c1ffc1ff' where id = (select min(id) from content)")
    spool.close()
    service.start()
    service.run("queue", "release", "--domain", "sink.test")
    expected = len(load.accepted) - 1
    until = time.monotonic() + 30
    while len(fault_rig.received()) < expected and time.monotonic() < until:
        time.sleep(0.1)
    service.stop()
    assert len(fault_rig.received()) == expected
    spool = apsw.Connection(str(service.data / "spool.db"), flags=apsw.SQLITE_OPEN_READONLY)
    assert spool.execute("select count(distinct message) from quarantine").fetchone() == (1,)
    spool.close()
