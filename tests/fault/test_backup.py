"""A backup taken while mail pours in and out is whole: the ledger of what is restored adds up, nothing leaves by itself."""

import shutil


def test_a_backup_under_load_restores_to_a_ledger_that_adds_up(fault_rig):
    service, copy = fault_rig.service, fault_rig.service.folder / "copy"
    service.start()
    with fault_rig.load("backup") as load:
        assert load.reach(100)
        service.run("backup", str(copy))
        behind = len(load.accepted)
        assert load.reach(behind + 100), "intake stood still after the backup"
    fault_rig.keep(load)
    service.drained()
    service.stop()
    left = sum(fault_rig.received().values())
    assert left == len(fault_rig.accepted)
    shutil.rmtree(service.data)
    done = service.run("restore", str(copy))
    assert done.returncode == 0
    service.ledger()
    service.start()
    waiting = service.waiting()
    service.run("queue", "retry", "--all")
    assert [row for row in service.waiting() if row["id"] not in {each["id"] for each in waiting}] == []
    assert len(service.waiting()) == len(waiting)
    service.run("queue", "cancel", "--all")
    service.run("queue", "release", "--all")
    service.drained()
    service.stop()
    assert sum(fault_rig.received().values()) == left
