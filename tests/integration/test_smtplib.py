"""Python's smtplib submits; Postfix receives through real DNS in TLS; others verify the signature."""

import pytest
from tests.servers.letters import opendkim_accepts, signed_by


@pytest.mark.parametrize(("tls", "method"), [("starttls", "PLAIN"), ("starttls", "LOGIN"), ("implicit", "PLAIN")])
def test_a_letter_arrives_signed_and_in_tls(shared_rig, tls, method):
    jane = f"jane-{tls}-{method}@example.test".lower()
    reply = shared_rig.send(jane, tls=tls, method=method)
    assert reply.startswith("2.0.0 queued as ")
    (message,) = shared_rig.arrived(jane)
    assert b"with ESMTPS" in message.partition(b"\r\n\r\n")[0]
    assert signed_by(message, shared_rig.dns, "customer.test")
    assert opendkim_accepts(message, shared_rig.dns) == ""
    assert message.endswith(b"\r\n\r\nBonjour,\r\n\r\n.dot\r\nend\r\n")


def test_date_and_message_id_are_added(shared_rig):
    shared_rig.send("undated@example.test")
    head = shared_rig.arrived("undated@example.test")[0].partition(b"\r\n\r\n")[0].lower()
    assert head.count(b"\r\ndate: ") == head.count(b"\r\nmessage-id: ") == 1
