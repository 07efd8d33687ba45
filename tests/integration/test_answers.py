"""Answers to a mailing come in by routes of the running service: counted, told to the shop's server, kept and shown."""

from __future__ import annotations

import email
import time
import urllib.request
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from standardwebhooks import Webhook
from tests.integration.test_webhooks import OPEN, shop, until
from tests.servers.inbound import Sender
from tests.servers.letters import letter
from tests.servers.rig import Rig

__all__ = ["shop"]
PDF = b"%PDF-1.7 \x00\xff" * 500
MAILING = "Répondez-nous"


@pytest.fixture
def rig(folder, certificates, dns, postfix):
    with Rig(folder / "service", certificates, dns, postfix, OPEN) as made:
        yield made


def answer(to: str, sent: bytes, *, sender: str, automatic: bool = False) -> bytes:
    """Write an answer as mail programs do, with a file."""
    original = email.message_from_bytes(sent)
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = f"Ann <{sender}>", to, f"Re: {MAILING}"
    made["In-Reply-To"] = made["References"] = original["Message-ID"]
    made["Message-ID"] = f"<{time.monotonic_ns()}@far.test>"
    if automatic:
        made["Auto-Submitted"] = "auto-replied"
    made.set_content("Oui, volontiers.\n")
    made.add_attachment(PDF, maintype="application", subtype="pdf", filename="commande.pdf")
    return bytes(made)


def deliver(rig: Rig, body: bytes, *to: str) -> None:
    """Hand a message in; a route that was made a moment ago is known within seconds."""

    def taken() -> bool:
        with Sender(rig.service) as sender:
            code, said = sender.deliver(body, *to)
        assert code == 250 or said.startswith("5.1.1"), said
        return code == 250

    until(taken, f"nobody takes mail to {to}")


def route(rig: Rig, *words: str) -> dict:
    return rig.service.cli("route", "create", "customer.test", *words, "--tenant", "customer")


def fetch(rig: Rig, place: str, key: str) -> bytes:
    url = f"http://{rig.service.address}:{rig.service.http}{place}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=30) as found:
        return found.read()


def counted(rig: Rig) -> dict[str, int]:
    """Return the answers by campaign."""
    found = rig.service.cli("statistics", "show", "--tenant", "customer", "--group", "campaign")
    return {each["campaign"]: each["counts"].get("replied", 0) for each in found["items"]}


def test_answers_are_counted_told_and_kept(rig, shop):
    hook = route(rig, "hello", "--webhook", shop.url)
    route(rig, "desk", "--keep")
    mailing = letter("hello@customer.test", "ann@example.test", subject=MAILING)
    mailing["X-Estafette-Campaign"] = "spring"
    rig.send("ann@example.test", message=mailing)
    (sent,) = rig.arrived("ann@example.test")

    body = answer("hello@customer.test", sent, sender="Ann@example.test")
    deliver(rig, body, "hello@customer.test")
    deliver(rig, answer("desk@customer.test", sent, sender="ann@example.test", automatic=True), "desk@customer.test")
    deliver(rig, answer("desk@customer.test", sent, sender="mallory@example.test"), "desk@customer.test")
    until(lambda: len(rig.service.events(kind="inbound")) == 3, rig.service.log)

    (replied,) = rig.service.events(kind="replied")
    assert (replied["recipient"], replied["campaign"], replied["route"]) == ("ann@example.test", "spring", hook["id"])
    (program,) = rig.service.events(kind="autoresponded")
    assert (program["recipient"], program["reason"]) == ("ann@example.test", "auto_reply")

    until(lambda: shop.heard, "the shop's server was not called")
    ((path, headers, told),) = shop.heard
    data = Webhook(hook["secret"]).verify(told, headers)["data"]
    assert path == "/hooks"
    assert (data["message"], data["recipient"], data["sender"]) == (
        f"{replied['source']}.1",
        "hello@customer.test",
        "ann@far.test",
    )
    assert data["mail"]["text"].startswith("Oui, volontiers.")
    (file,) = data["mail"]["attachments"]
    assert (file["name"], file["size"]) == ("commande.pdf", len(PDF))

    key = rig.service.cli("key", "create", "--tenant", "customer", "--scope", "inbound", "--name", "shop")["key"]
    assert fetch(rig, file["url"], key) == PDF
    assert fetch(rig, data["raw"], key).endswith(body)
    kept = rig.service.cli("inbound", "list", "--tenant", "customer", "--recipient", "desk@customer.test")
    assert [each["subject"] for each in kept["items"]] == [f"Re: {MAILING}"] * 2
    shown = rig.service.cli("inbound", "show", kept["items"][0]["id"], "--tenant", "customer")
    assert shown["mail"]["from"] == "Ann <mallory@example.test>"
    until(lambda: counted(rig) == {"spring": 1}, "the answer is not counted")
