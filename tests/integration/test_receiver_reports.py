"""Receivers report to the mx listener: kept once for whoever has the domain, refused when they are bombs or of nobody.

The reporter is smtplib; forms are the golden reports', and the selector is the one with which the service signs.
"""

from __future__ import annotations

import email
import gzip
import re
import smtplib
import time

import pytest
from tests.integration.test_returns import until
from tests.unit.mail.test_receivers import edited, mailed

pytestmark = pytest.mark.mail_only


def hand_in(rig, octets: bytes, to: str = "dmarc@bounces.relay.test") -> None:
    with smtplib.SMTP(rig.service.address, rig.service.mx) as client:
        client.sendmail("noreply@receiver.test", [to], mailed(octets))


def test_a_report_is_kept_once_and_shows_which_sources_are_ours(rig):
    rig.send("ann@example.test")
    (message,) = rig.arrived("ann@example.test")
    signature = " ".join(email.message_from_bytes(message).get_all("DKIM-Signature"))
    domain, selector = (re.search(rf"\b{tag}=([^;\s]+)", signature)[1] for tag in "ds")
    begin = int(time.time()) // 86_400 * 86_400 - 86_400
    report = edited(
        "google.xml", ("acme.example", domain), ("<selector>est-a", f"<selector>{selector}"),
        ("1699920000", str(begin)), ("1700006399", str(begin + 86_399)),
    )  # fmt: skip
    last = report.replace(b"4242424242424242424", b"the-last").replace(b"google.com", b"last.example")
    hand_in(rig, gzip.compress(bytes(64 << 20)))
    hand_in(rig, gzip.compress(report.replace(domain.encode(), b"stranger.example")))
    hand_in(rig, gzip.compress(report))
    hand_in(rig, gzip.compress(report), "tlsrpt@bounces.relay.test")
    hand_in(rig, last)  # read in their order: when this one is kept, the others were read

    def listed() -> dict[str, dict]:
        return {each["reporter"]: each for each in rig.service.cli("report", "list", "--domain", domain)["items"]}

    found = until(lambda: listed() if "last.example" in listed() else None, "the reports were not kept")
    assert set(found) == {"google.com", "last.example"}
    assert len(rig.service.cli("report", "list")["items"]) == 2
    google = found["google.com"]
    assert (google["domain"], google["messages"], google["ours"], google["origin"]) == (domain, 44, 41, "mail")
    sources = rig.service.cli("report", "sources", "--domain", domain)["items"]
    assert [(each["verdict"], each["messages"]) for each in sources] == [("own", 82), ("foreign", 6)]


def test_the_listener_takes_reports_at_domains_that_are_served_alone(rig):
    with smtplib.SMTP(rig.service.address, rig.service.mx) as client:
        client.ehlo("receiver.test")
        assert client.mail("noreply@receiver.test")[0] == 250
        assert client.rcpt("dmarc@bounces.relay.test")[0] == 250
        assert client.rcpt("tlsrpt@mx1.relay.test")[0] == 250
        assert client.rcpt("dmarc@stranger.example")[0] == 550
