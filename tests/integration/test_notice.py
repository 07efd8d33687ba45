"""A failure on the personal stream comes back to its sender as an RFC 3464 report, in the remote's words."""

import email

import pytest
from tests.servers.postfix import PostfixSink

pytestmark = pytest.mark.mail_only


def test_the_sender_is_told(rig, folder, certificates):
    settings = {
        "smtpd_recipient_restrictions": "check_recipient_access inline:{{nobody@remote.test=550 5.1.1 no such person here}}"
    }
    desk = PostfixSink(folder / "remote", domains=("remote.test",), port=rig.postfix.port, settings=settings)
    with desk, PostfixSink(folder / "home", domains=("customer.test",), port=rig.postfix.port) as home:
        rig.dns.mail_exchanger("remote.test", desk.address)
        rig.dns.mail_exchanger("customer.test", home.address)
        rig.send("nobody@remote.test", credential=rig.personal())
        report = home.wait()[0]
    assert b"Return-Path: <>" in report
    parsed = email.message_from_bytes(report)
    assert parsed.get_content_type() == "multipart/report"
    text = report.decode()
    assert "Final-Recipient: rfc822;nobody@remote.test" in text.replace("; ", ";").replace("rfc822;", "rfc822;")
    assert "Action: failed" in text
    assert "no such person here" in text
