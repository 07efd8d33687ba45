"""Receivers report complaints to the mx listener: each copy is one event, its recipient gets no more, the stream stops.

The reporter is smtplib, the returned header is what a real Postfix received; forms are the golden reports'.
"""

from __future__ import annotations

import email
import smtplib
from email.message import Message

from tests.integration.test_returns import until
from tests.servers.letters import letter
from tests.unit.mail.test_arf import golden

COPY = b"Subject: News"


def returned(rig, recipient: str) -> bytes:
    """Return the header with which a message arrived."""
    (message,) = rig.arrived(recipient)
    return message.replace(b"\r\n", b"\n").partition(b"\n\n")[0]


def report(form: str, header: bytes) -> bytes:
    """Return a golden report about this message instead of its own."""
    before, _, after = golden(form).rpartition(COPY)
    return before[: before.rindex(b"\n\n") + 2] + header + after


def redacted(header: bytes, *addresses: str) -> bytes:
    """Take out of a header what receivers take out: whom it went to, and the return path."""
    for address in addresses:
        header = header.replace(address.encode(), b"[redacted]")
    return b"\n".join(line for line in header.split(b"\n") if not line.startswith(b"Return-Path:"))


def hand_in(rig, message: bytes, *, to: str = "abuse@mx1.relay.test", sender: str = "fbl@receiver.test") -> None:
    with smtplib.SMTP(rig.service.address, rig.service.mx) as client:
        client.sendmail(sender, [to], message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def kinds(rig, recipient: str) -> list[str]:
    return [each["kind"] for each in rig.events(recipient)]


def test_complaints_become_events_once_and_stop_their_stream(rig):
    people = ["ann@example.test", "joe@example.test", "zoe@example.test"]
    for person in people:
        rig.send(person)
    headers = {person: returned(rig, person) for person in people}
    fields: Message = email.message_from_bytes(headers[people[0]])
    assert fields["Feedback-ID"]
    assert fields["List-Id"] is None
    signed = " ".join(fields.get_all("DKIM-Signature"))
    assert "CFBL-Feedback-ID" in signed
    assert "Feedback-ID" in signed

    hand_in(rig, report("yahoo", redacted(headers["ann@example.test"], *people)))
    hand_in(rig, report("signal-spam", headers["ann@example.test"]), sender="")
    hand_in(rig, golden("fastmail"))
    hand_in(rig, report("microsoft-jmrp", headers["joe@example.test"]))
    (ann,) = until(
        lambda: [each for each in rig.events("ann@example.test") if each["kind"] == "complained"], "no complaint"
    )
    assert (ann["stream"], ann["source"], ann["reason"]) == ("transactional", "yahoo", "abuse")
    until(lambda: "complained" in kinds(rig, "joe@example.test"), "no second complaint")
    until(
        lambda: [each for each in rig.service.events(kind="unknown") if each["reason"] == "not_ours_complaint"],
        "the foreign report is not filed",
    )
    assert rig.service.cli("suspension", "list")["items"] == []

    hand_in(rig, report("comcast-validity", redacted(headers["zoe@example.test"], *people)))
    (stopped,) = until(lambda: rig.service.cli("suspension", "list")["items"], "the stream was not stopped")
    assert (stopped["rule"], stopped["stream"], stopped["numbers"]["complaints"]) == (
        "complaints", "transactional", "3 (100.00%, max. 0.30%)",
    )  # fmt: skip
    for person in people:
        assert kinds(rig, person).count("complained") == 1
    assert kinds(rig, "ann@example.test").count("delivered") == 1
    suppressed = until(
        lambda: len(found := rig.service.cli("suppression", "list", "--tenant", "customer")["items"]) == 3 and found,
        "who complained is written to again",
    )
    assert {each["address"] for each in suppressed} == set(people)
    # Every process knows of a suspension within seconds: each letter until then is accepted, and held.
    until(lambda: not _sends(rig, "held@example.test"), "a stopped stream goes on")
    until(lambda: _complained(rig) == 3, "the statistics do not count complaints")

    rig.service.cli("suspension", "resume", stopped["id"])
    until(lambda: _sends(rig, "max@example.test"), "a lifted suspension still stops")
    (pace,) = rig.service.cli("pace", "list", "--tenant", "customer")["items"]
    assert pace["rule"] == "resume"  # a day of half speed, which is one a minute here
    rig.service.cli("pace", "lift", pace["id"], "--full")
    rig.arrived("max@example.test")
    rig.service.drained()
    assert rig.service.cli("suspension", "list")["items"] == []


def _complained(rig) -> int:
    found = rig.service.cli("statistics", "show", "--tenant", "customer")
    return int(found["totals"]["counts"].get("complained", 0))


def _sends(rig, recipient: str) -> bool:
    try:
        rig.send(recipient)
    except smtplib.SMTPException:
        return False
    return True


def test_letters_to_abuse_and_postmaster_become_tickets(rig):
    body = letter("angry@home.test", "abuse@customer.test", subject="Stop it").as_bytes()
    hand_in(rig, body, to="abuse@customer.test", sender="angry@home.test")
    hand_in(rig, body, to="abuse@customer.test", sender="angry@home.test")
    hand_in(rig, body, to="postmaster@bounces.relay.test", sender="angry@home.test")
    found = until(
        lambda: len(items := rig.service.cli("ticket", "list")["items"]) == 2 and items[0]["times"] + items[1]["times"] == 3 and items,
        "no tickets",
    )  # fmt: skip
    assert {each["address"] for each in found} == {"abuse@customer.test", "postmaster@bounces.relay.test"}
    ticket = next(each for each in found if each["tenant"])
    assert (ticket["subject"], ticket["sender"]) == ("Stop it", "angry@home.test")
    closed = rig.service.cli("ticket", "close", ticket["id"], "--note", "answered")
    assert (closed["state"], closed["note"]) == ("closed", "answered")
    assert rig.service.cli("ticket", "show", ticket["id"])["state"] == "closed"
    with smtplib.SMTP(rig.service.address, rig.service.mx) as client:
        client.ehlo("stranger.test")
        client.mail("angry@home.test")
        for stranger in ("info@customer.test", "abuse@elsewhere.test"):
            assert client.rcpt(stranger)[0] == 550
