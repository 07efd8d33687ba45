"""SIGKILL while reports come in and are read: every report that was taken bounces its recipient, and none bounces twice."""

from __future__ import annotations

import re
import smtplib
import threading
import time

import pytest

pytestmark = pytest.mark.mail_only
RECIPIENTS = 40
KILLS = 3


def report(recipient: str) -> bytes:
    return (
        "From: MAILER-DAEMON@example.test\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; example.test\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 gone\r\n--b--\r\n"
    ).encode()


def hand_in(rig, path: str, recipient: str, until: float) -> None:
    """Send a report until it is taken, as a server does; a lost answer makes it come twice."""
    while True:
        assert time.monotonic() < until, "the service never came back"
        try:
            with smtplib.SMTP(rig.service.address, rig.service.mx, timeout=10) as client:
                client.sendmail("", [path], report(recipient))
        except (OSError, smtplib.SMTPException):
            time.sleep(0.2)
        else:
            return


@pytest.mark.timeout(240)
def test_every_report_that_was_taken_bounces_once_whenever_it_is_killed(rig):
    recipients = [f"u{number}@example.test" for number in range(RECIPIENTS)]
    rig.send(*recipients)
    paths = {}
    for message in rig.postfix.wait(RECIPIENTS):
        path = re.search(rb"^Return-Path: <(.*?)>", message, re.MULTILINE)[1].decode()
        paths[re.search(rb"^Delivered-To: (.*?)\r$", message, re.MULTILINE)[1].decode()] = path
    rig.ended(*recipients)
    until = time.monotonic() + 150

    def work() -> None:
        for recipient in recipients:
            for _ in range(2):
                hand_in(rig, paths[recipient], recipient, until)

    sender = threading.Thread(target=work)
    sender.start()
    for kill in range(KILLS):
        time.sleep(0.4 + 0.3 * kill)
        rig.service.kill()
        rig.service.start()
    sender.join()
    bounced: list[str] = []
    while set(bounced) != set(recipients):
        assert time.monotonic() < until, f"{len(bounced)} of {RECIPIENTS}"
        bounced = [each["recipient"] for each in rig.service.events(kind="bounced")]
    assert sorted(bounced) == sorted(recipients)
    filed = [each for each in rig.service.events(kind="unknown") if each["reason"] == "not_ours_replayed"]
    assert len(filed) >= 1
