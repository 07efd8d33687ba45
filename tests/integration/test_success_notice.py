"""NOTIFY=SUCCESS (RFC 3461 section 5.2.2): the next server tells when it can, else we say once that we relayed."""

import email
import json
import smtplib

from tests.servers.letters import letter
from tests.servers.postfix import PostfixSink


def _send(rig, recipient):
    """Submit as Outlook does when the box "request a delivery receipt" is ticked."""
    service = rig.service
    with smtplib.SMTP(service.address, service.submission, timeout=20) as client:
        client.starttls(context=service.certificates.client())
        client.login(rig.credential["username"], rig.credential["password"])
        message = letter("shop@customer.test", recipient)
        client.sendmail("shop@customer.test", [recipient], message.as_bytes(), ["RET=HDRS"], ["NOTIFY=SUCCESS"])


def _actions(report):
    parts = email.message_from_bytes(report).get_payload()
    return [part["Action"] for part in parts[1].get_payload() if part["Action"]]


def test_we_say_relayed_once_and_only_where_the_next_server_will_not_tell(shared_rig, folder):
    plain = {"smtpd_discard_ehlo_keywords": "dsn"}
    old = PostfixSink(folder / "old", domains=("old.test",), port=shared_rig.postfix.port, settings=plain)
    with old, PostfixSink(folder / "home", domains=("customer.test",), port=shared_rig.postfix.port) as home:
        shared_rig.dns.mail_exchanger("old.test", old.address)
        shared_rig.dns.mail_exchanger("customer.test", home.address)
        _send(shared_rig, "told@example.test")
        shared_rig.arrived("told@example.test")
        shared_rig.ended("told@example.test")
        _send(shared_rig, "joe@old.test")
        report = home.wait()[0]
        shared_rig.ended("joe@old.test", "shop@customer.test")
        assert home.messages() == [report]
    assert _actions(report) == ["relayed"]
    assert b"joe@old.test" in report
    reasons = {event["recipient"]: event.get("reason", "") for event in _delivered(shared_rig)}
    assert reasons["told@example.test"] == "dsn_relayed"
    assert not reasons["joe@old.test"]


def _delivered(rig):
    lines = rig.service.run("events").stdout.splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == "delivered"]
