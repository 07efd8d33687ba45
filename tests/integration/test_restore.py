"""A backup taken while running, put back, sends nothing by itself."""

import shutil

import pytest
from tests.servers import loopback

pytestmark = pytest.mark.mail_only


def _move(rig, address):
    rig.dns.remove("mx.example.test")
    rig.dns.add([("mx.example.test", "A", address)])


def test_restored_mail_is_held_until_released(rig):
    _move(rig, loopback.address())
    rig.send("jane@example.test")
    rig.service.run("backup", str(rig.service.folder / "copy"))
    rig.service.stop()
    _move(rig, rig.postfix.address)
    shutil.rmtree(rig.service.data)
    rig.service.run("restore", str(rig.service.folder / "copy"))
    rig.service.start()
    rig.service.run("queue", "retry", "--all")
    rig.send("other@example.test")
    (arrived,) = rig.postfix.wait()
    assert b"other@example.test" in arrived
    (held,) = rig.service.waiting()
    assert held["recipient"] == "jane@example.test"
    assert rig.service.cli("queue", "show", held["id"])["waiting"]["rule"] == "restored"
    assert rig.postfix.messages() == [arrived]
    rig.service.run("queue", "release")
    assert b"jane@example.test" in rig.postfix.wait(2)[1]
    rig.service.drained()
