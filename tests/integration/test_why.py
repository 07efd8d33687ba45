"""``queue show`` tells of every waiting letter why it waits, by which rule, until when; ``message show`` its steps."""

import re
import time

import pytest
from tests.servers.postfix import PostfixSink

pytestmark = pytest.mark.mail_only


def _shown(rig, recipient, rule, within=30.0):
    """Return what is said of a recipient as soon as the named rule keeps it."""
    until = time.monotonic() + within
    while True:
        found = rig.service.cli("queue", "show", "--recipient", recipient)["items"]
        if found and found[0]["waiting"]["rule"].startswith(rule):
            return found[0]
        assert time.monotonic() < until, found
        time.sleep(0.2)


def test_a_greylisted_and_a_held_letter_say_so(rig, folder):
    settings = {
        "smtpd_recipient_restrictions": "check_recipient_access inline:{{new@grey.test=450 4.2.0 greylisted, come back later}}"
    }
    with PostfixSink(folder / "grey", domains=("grey.test",), port=rig.postfix.port, settings=settings) as grey:
        rig.dns.mail_exchanger("grey.test", grey.address)
        rig.service.run("queue", "hold", "--domain", "example.test", "--reason", "their server moves")
        rig.send("jane@example.test")
        number = rig.send("new@grey.test").rpartition(" ")[2]
        held, late = _shown(rig, "jane@example.test", "hold"), _shown(rig, "new@grey.test", "retry")
        assert "their server moves" in held["waiting"]["why"]
        assert held["waiting"]["until"] is None
        assert "greylisted, come back later" in late["waiting"]["why"]
        assert late["waiting"]["until"] > late["queued"]
        told = rig.service.run("message", "show", number).stdout.decode()
    assert re.search(r"deferred +new@grey\.test .*450 4\.2\.0 .*greylisted", told), told
    steps = re.findall(r"\+ *(\d+) ms  (\w+)", told)
    assert {"greeting", "ehlo", "mail", "rcpt"} <= {verb for _, verb in steps}
