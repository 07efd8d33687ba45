"""A tenant over its quota waits for the next hour, says so, and empties by itself; the month adds up."""

from __future__ import annotations

import json
import smtplib
import time

import pytest
from tests.servers import loopback
from tests.servers.calendar import faked, until
from tests.servers.letters import await_login

#: In the service's own time, which must not lie before what its store has seen.
BEFORE = "2027-05-10 12:10:00"


@pytest.fixture
def clock(rig):
    return faked(rig, BEFORE)


def test_over_the_hour_mail_waits_and_empties_by_itself(rig, clock):
    service = rig.service
    service.run("plan", "create", "small", "--hourly", "3", "--price", "9.90")
    service.run("tenant", "update", "customer", "--plan", "small")
    service.start()
    for number in range(5):
        rig.send(f"user{number}@example.test")
    rig.postfix.wait(3)
    waiting = service.cli("queue", "show")["items"]
    assert {item["waiting"]["rule"] for item in waiting} == {"quota"}
    assert min(item["waiting"]["until"] for item in waiting).startswith("2027-05-10T13:00:00")
    clock("2027-05-10 14:00:00")
    rig.postfix.wait(5)
    service.drained()
    usage = until(lambda: [each for each in service.cli("usage", "list")["items"] if each["month"]["recipients"] == 5])
    assert usage[0]["hour"]["limit"] == 3
    statement = service.cli("statement", "show", "--tenant", "customer")
    log = service.run("events", "--kind", "queued").stdout.splitlines()
    assert statement["totals"]["recipients"] == len(log) == 5
    assert statement["amounts"] == {"EUR": "9.90"}


def _move(rig, address):
    rig.dns.remove("mx.example.test")
    rig.dns.add([("mx.example.test", "A", address)])


def _why(service, words: str) -> bool:
    return any(words in item["waiting"]["why"] for item in service.cli("queue", "show")["items"])


def _keep_sending(rig, accepted: list[str]) -> None:
    while len(accepted) < 200:
        rig.send("joe@example.test")
        accepted.append("joe@example.test")
        time.sleep(0.05)


def _until_refused(rig, words: str) -> int:
    """Send until the door says ``words``; how many letters it took before it knew.

    Every process learns of a suspension within five seconds, not at once: what comes in between is accepted, and held.
    """
    accepted: list[str] = []
    with pytest.raises(smtplib.SMTPResponseException, match=words):
        _keep_sending(rig, accepted)
    return len(accepted)


def test_a_suspended_stream_keeps_its_mail_through_a_restart_until_it_is_lifted(rig):
    service = rig.service
    _move(rig, loopback.address())
    rig.send("jane@example.test")
    made = service.cli("suspension", "create", "--tenant", "customer", "--stream", "transactional", "--reason", "test")
    until(lambda: _why(service, "suspended by the rule"))
    late = _until_refused(rig, "suspended")
    service.stop()
    _move(rig, rig.postfix.address)
    service.start()
    service.run("queue", "release")
    service.run("queue", "retry", "--all")
    held = service.cli("queue", "show")["items"]
    assert len(held) == 1 + late
    assert {each["waiting"]["until"][:19] for each in held} == {made["mail_kept_until"][:19]}
    service.run("suspension", "resume", made["id"])
    arrived = rig.postfix.wait(1 + late)
    assert sum(b"jane@example.test" in each for each in arrived) == 1
    service.drained()


def test_mail_of_a_suspension_is_cancelled_with_an_event_when_it_was_kept_long_enough(rig):
    service = rig.service
    service.run("queue", "hold", "--domain", "example.test")
    rig.send("jane@example.test")
    made = service.cli("suspension", "create", "--tenant", "customer", "--credential", rig.credential["username"])
    service.run("suspension", "purge", made["id"])
    service.drained()
    (event,) = map(json.loads, service.run("events", "--kind", "failed").stdout.splitlines())
    assert (event["recipient"], event["reason"]) == ("jane@example.test", "cancelled")


def test_bulk_starts_only_with_identity_and_postal_address(rig):
    service = rig.service
    made = service.credential(stream="bulk")
    await_login(service, made)
    with pytest.raises(smtplib.SMTPResponseException, match="identity"):
        rig.send("jane@example.test", credential=made)
    service.run(
        "tenant", "update", "customer", "--identity", "Customer Ltd", "--postal-address", "1 High Street, Leeds"
    )
    until(lambda: _accepted(rig, made))
    rig.postfix.wait()
    service.drained()


def _accepted(rig, credential) -> bool:
    try:
        rig.send("jane@example.test", credential=credential)
    except smtplib.SMTPResponseException:
        return False
    return True
