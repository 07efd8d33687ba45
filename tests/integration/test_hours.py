"""Mail of a stream with hours waits outside them, says so, and leaves when they begin."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.servers.letters import await_login

pytestmark = pytest.mark.mail_only


def shown(rig):
    return {item["recipient"]: item["waiting"] for item in rig.service.cli("queue", "show")["items"]}


def test_mail_waits_for_the_hours_of_its_stream_and_then_leaves(rig):
    service = rig.service
    now = datetime.now(UTC)
    begins = now + timedelta(hours=2)
    closed = ["--days", "mon-sun", "--from", f"{begins:%H:%M}", "--to", f"{begins + timedelta(hours=1):%H:%M}"]
    service.run("stream", "create", "letters", "--tenant", "customer", "--kind", "bulk", *closed)
    service.run("tenant", "update", "customer", "--identity", "Customer", "--postal-address", "1 Main Street")
    slow = service.credential(stream="letters")
    await_login(service, slow)
    rig.send("ann@example.test", credential=slow)
    rig.send("bob@example.test")
    rig.postfix.wait(1)
    waiting = shown(rig)["ann@example.test"]
    assert waiting["rule"] == "sending_window"
    assert waiting["until"].startswith(f"{begins:%Y-%m-%dT%H:%M}")
    service.run(
        "stream", "update", "letters", "--tenant", "customer", "--days", "mon-sun", "--from", "00:00", "--to", "24:00"
    )
    until = time.monotonic() + 60
    while len(rig.postfix.messages()) < 2:
        # Couriers hear of the new hours within seconds; until then they put the letter back.
        assert time.monotonic() < until
        service.run("queue", "retry", "--all")
        time.sleep(1)
    service.drained()


def test_an_operators_retry_does_not_open_the_hours(rig):
    service = rig.service
    begins = datetime.now(UTC) + timedelta(hours=3)
    closed = ["--days", "mon-sun", "--from", f"{begins:%H:%M}", "--to", f"{begins + timedelta(hours=1):%H:%M}"]
    service.run("stream", "update", "transactional", "--tenant", "customer", *closed)
    probe = service.credential(stream="personal")
    await_login(service, probe)
    number = rig.send("ann@example.test").rpartition(" ")[2]
    service.run("queue", "retry", "--all")
    rig.send("bob@example.test", credential=probe)
    rig.postfix.wait(1)
    waiting = shown(rig)["ann@example.test"]
    assert (waiting["rule"], waiting["until"][:16]) == ("sending_window", f"{begins:%Y-%m-%dT%H:%M}")
    assert not [event for event in service.events(kind="delivered") if event["message"].startswith(number)]
    service.run("queue", "cancel", "--all")
    service.drained()
