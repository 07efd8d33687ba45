"""Cancelled mail never leaves, and the ledger says so."""

import pytest

pytestmark = pytest.mark.mail_only


def test_cancel_takes_it_out_of_the_queue(rig):
    rig.service.run("queue", "hold", "--domain", "example.test")
    rig.send("jane@example.test")
    rig.service.run("queue", "cancel", "--recipient", "jane@example.test")
    rig.service.drained()
    rig.service.run("queue", "release", "--domain", "example.test")
    rig.send("joe@example.test")
    assert b"joe@example.test" in rig.postfix.wait()[0]
    assert len(rig.postfix.messages()) == 1
