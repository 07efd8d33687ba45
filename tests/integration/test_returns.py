"""Mail that a real server takes and cannot deliver comes back as its own report, and is heard: once, and in words."""

from __future__ import annotations

import email
import smtplib
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.servers.beside import Exim, OpenSmtpd
from tests.servers.postfix import PostfixSink

pytestmark = pytest.mark.mail_only
WITHIN = 60.0


def until(look: Callable[[], Any], said: Callable[[], str]) -> Any:
    """Return what a look finds as soon as it finds something."""
    end = time.monotonic() + WITHIN
    while not (found := look()):
        assert time.monotonic() < end, f"nothing came back:\n{said()[-3000:]}"
        time.sleep(0.1)
    return found


def bounces(rig: Any, recipient: str) -> list[dict[str, Any]]:
    return [each for each in rig.events(recipient) if each["kind"] == "bounced"]


def accepting(rig: Any, folder: Any, **more: str) -> PostfixSink:
    """A Postfix that takes mail for ``late.test`` and finds out afterwards that it cannot be delivered."""
    service = rig.service
    settings = {
        "virtual_alias_maps": "inline:{{gone@late.test=gone@void.test}}",
        "transport_maps": "inline:{{void.test=error:5.1.1 this mailbox is gone}}",
        "relayhost": f"[{service.address}]:{service.mx}",
        "default_transport": "smtp",
    }
    return PostfixSink(folder / "late", domains=("late.test",), port=rig.postfix.port, settings=settings | more)


@pytest.mark.parametrize("kind", ["transactional", "personal"])
def test_postfix_reports_late_and_the_recipient_bounces_once(rig, folder, kind):
    with (
        accepting(rig, folder) as remote,
        PostfixSink(folder / "home", domains=("customer.test",), port=rig.postfix.port) as home,
    ):
        rig.dns.mail_exchanger("late.test", remote.address)
        rig.dns.mail_exchanger("customer.test", home.address)
        rig.send("gone@late.test", credential=rig.personal() if kind == "personal" else None)
        (bounce,) = until(lambda: bounces(rig, "gone@late.test"), remote.log)
        assert bounce["reason"] == "late"
        assert bounce["reply"]["enhanced"] == "5.1.1"
        assert "this mailbox is gone" in bounce["reply"]["text"]
        if kind == "personal":
            report = home.wait(has=b"gone@late.test")[0]
            text = email.message_from_bytes(report).get_payload(0).get_payload(decode=True).decode()
            assert "had accepted your message" in text
            assert "this mailbox is gone" in text
        kinds = [each["kind"] for each in rig.events("gone@late.test")]
        assert kinds.count("delivered") == kinds.count("bounced") == 1


def test_who_asked_never_to_be_told_hears_of_no_late_failure(rig, folder):
    with (
        accepting(
            rig,
            folder,
            virtual_alias_maps="inline:{{quiet@late.test=gone@void.test}, {gone@late.test=gone@void.test}}",
            smtpd_discard_ehlo_keywords="dsn",  # a server that knows no NOTIFY
        ) as remote,
        PostfixSink(folder / "home", domains=("customer.test",), port=rig.postfix.port) as home,
    ):
        rig.dns.mail_exchanger("late.test", remote.address)
        rig.dns.mail_exchanger("customer.test", home.address)
        rig.send("quiet@late.test", credential=rig.personal(), notify="NEVER")
        until(lambda: bounces(rig, "quiet@late.test"), remote.log)
        rig.send("gone@late.test", credential=rig.personal())
        home.wait(has=b"gone@late.test")
        assert not [each for each in home.messages() if b"quiet@late.test" in each]


def test_exim_reports_late(rig, folder):
    service = rig.service
    with Exim(folder / "exim", back=(service.address, service.mx), port=rig.postfix.port) as remote:
        rig.dns.mail_exchanger("late.test", remote.address)
        rig.send("gone@late.test")
        (bounce,) = until(lambda: bounces(rig, "gone@late.test"), remote.log)
        assert bounce["reason"] == "late"
        assert "this mailbox is gone" in bounce["reply"]["text"]


def test_opensmtpd_reports_late(rig, folder):
    service = rig.service
    settings = {
        "smtpd_recipient_restrictions": "check_recipient_access inline:{{gone@late.test=550 5.1.1 this mailbox is gone}}"
    }
    behind = PostfixSink(folder / "behind", domains=("late.test",), settings=settings)
    with (
        behind,
        OpenSmtpd(
            folder / "smtpd", back=(service.address, service.mx), refuser=(behind.address, behind.port),
            port=rig.postfix.port,
        ) as remote,
    ):  # fmt: skip
        rig.dns.mail_exchanger("late.test", remote.address)
        rig.send("gone@late.test")
        (bounce,) = until(lambda: bounces(rig, "gone@late.test"), remote.log)
        assert (bounce["reason"], bounce["reply"]["enhanced"]) == ("late", "5.1.1")
        assert "this mailbox is gone" in bounce["reply"]["text"]


def test_the_mx_listener_refuses_what_is_not_ours_so_that_nothing_bounces_later(rig):
    with smtplib.SMTP(rig.service.address, rig.service.mx) as client:
        client.ehlo("stranger.test")
        assert client.mail("")[0] == 250
        code, text = client.rcpt("r" + "a" * 50 + "@bounces.relay.test")
        assert (code, text[:5]) == (550, b"5.7.1")
