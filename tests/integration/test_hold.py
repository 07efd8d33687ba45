"""Held mail stays through a restart and leaves when released."""

import pytest

pytestmark = pytest.mark.mail_only


def test_hold_survives_a_restart(rig):
    rig.service.run("queue", "hold", "--domain", "example.test")
    rig.send("jane@example.test")
    rig.service.stop()
    rig.service.start()
    assert len(rig.service.waiting()) == 1
    assert rig.postfix.messages() == []
    rig.service.run("queue", "release", "--domain", "example.test")
    rig.postfix.wait()
    rig.service.drained()
