"""Newsletters through a real Postfix, and their readers who leave: by the button, by mail, by the page."""

from __future__ import annotations

import json
import re
import smtplib
import time
import urllib.request
from email.message import EmailMessage
from urllib.parse import urlencode, urlsplit

import pytest
from tests.servers import receiver
from tests.servers.calendar import until
from tests.servers.letters import await_login, letter, stripped
from tests.servers.postfix import PostfixClient
from tests.servers.tls_front import TlsFront

#: Seconds within which who has left is left alone by every process; one more for the log to be asked.
EFFECTIVE = 2.0


class Readers:
    """A tenant's newsletter in two topics, and the people who read it."""

    def __init__(self, rig, front: TlsFront) -> None:
        self.rig, self.service, self.front = rig, rig.service, front
        told = ("--identity", "Customer", "--postal-address", "1 Main Street")
        self.service.run("tenant", "update", "customer", *told)
        for name, title in (("offers", "Weekly offers"), ("news", "News")):
            how = ("--tenant", "customer", "--stream", "bulk", "--title", title)
            self.service.run("topic", "create", name, *how)
        self.bulk = self.service.credential(stream="bulk")
        await_login(self.service, self.bulk)

    def send(self, *people: str, topic: str = "offers", campaign: str = "spring") -> str:
        """Send a newsletter; return what was said of it."""
        message = letter("shop@customer.test", people[0])
        message["X-Estafette-Campaign"], message["X-Estafette-Topic"] = campaign, topic
        return self.rig.send(*people, credential=self.bulk, message=message)

    def tried(self, person: str, **how: str) -> str:
        """Send as ``send``; return "" or the refusal."""
        try:
            self.send(person, **how)
        except smtplib.SMTPResponseException as refused:
            return str(refused.smtp_error)
        return ""

    def offer(self, person: str) -> receiver.Offer:
        """Return what the newest message to somebody offers, as a receiver who follows RFC 8058 reads it."""
        return receiver.examine(stripped(self.rig.arrived(person)[-1]), self.rig.dns)

    def at(self) -> tuple[str, int]:
        host, _, port = self.front.host.rpartition(":")
        return host, int(port)

    def push(self, offer: receiver.Offer, form="multipart") -> receiver.Answer:
        """Press the button of the mail program."""
        return receiver.post(offer, self.at(), self.service.certificates.client(), form)

    def left(self, person: str) -> list[dict]:
        return self.rig.events(person, kind="unsubscribed")

    def stopped(self, person: str, since: float, **how: str) -> float:
        """Return after how many seconds mail was refused."""
        while "suppression list" not in self.tried(person, **how):
            assert time.monotonic() - since < 20
        return time.monotonic() - since


@pytest.fixture(scope="module")
def readers(shared_rig):
    service = shared_rig.service
    with TlsFront(service.certificates, (service.address, service.public), "t.relay.test") as front:
        made = Readers(shared_rig, front)
        until(lambda: not made.tried("first@example.test"))
        yield made


def test_a_receiver_believes_no_field_that_the_signature_does_not_hold(readers):
    person = "believes@example.test"
    readers.send(person)
    raw = stripped(readers.rig.arrived(person)[0])
    assert receiver.examine(raw, readers.rig.dns)
    changed = (
        (b"\r\nList-Unsubscribe: <https://t", b"\r\nList-Unsubscribe: <https://x"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=One-Click "),
        (b"\r\nList-Unsubscribe-Post: ", b"\r\nX-Lost: "),
        (b"\r\nList-Unsubscribe: <https", b"\r\nList-Unsubscribe: <http"),
        (b"\r\nSubject: ", b"\r\nList-Unsubscribe: <https://evil.test/>\r\nSubject: "),
    )
    broken = [raw.replace(old, new) for old, new in changed]
    assert all(each != raw for each in broken)
    for each in broken[:1] + broken[2:]:
        with pytest.raises(receiver.Broken):
            receiver.examine(each, readers.rig.dns)
    assert receiver.examine(broken[1], readers.rig.dns)  # relaxed canonicalisation: white space at the end is nothing


@pytest.mark.parametrize("form", ["multipart", "urlencoded"])
def test_the_button_ends_the_topic_everywhere_in_two_seconds(readers, form):
    person = f"button-{form}@example.test"
    readers.send(person)
    offer = readers.offer(person)
    answer = readers.push(offer, form)
    began = time.monotonic()
    assert answer.status == 200
    assert readers.stopped(person, began) < EFFECTIVE
    assert readers.tried(person, topic="news") == ""  # the rest of the stream goes on
    (event,) = until(lambda: readers.left(person))
    assert (event["source"], event["topic"], event["campaign"], event["stream"]) == (
        "one_click", "offers", "spring", "bulk",
    )  # fmt: skip
    (queued,) = readers.rig.events(person, kind="queued", campaign="spring")[:1]
    assert event["message"] == queued["message"]
    readers.push(offer, form)  # pressed again: answered as before, and told once
    other = f"after-{person}"
    readers.send(other)
    readers.push(readers.offer(other), form)
    until(lambda: readers.left(other))
    assert len(readers.left(person)) == 1


def test_mail_that_waits_is_not_sent_to_who_has_left(readers):
    service, person, other = readers.service, "waits@example.test", "stays@example.test"
    readers.send(person)
    readers.rig.arrived(person)
    for each in (person, other):
        service.run("queue", "hold", "--recipient", each)
    time.sleep(1.5)  # rules reach couriers within a second; a message that overtook them would arrive, and be found
    readers.send(person, other, campaign="second")
    readers.push(readers.offer(person))
    until(lambda: readers.left(person))
    time.sleep(EFFECTIVE)
    for each in (person, other):
        service.run("queue", "release", "--recipient", each)
    readers.rig.arrived(other)
    (event,) = until(lambda: readers.rig.events(person, kind="rejected", campaign="second"))
    assert event["reason"] == "suppressed"
    assert event["topic"] == "offers"
    readers.rig.ended(person, other)
    assert len(readers.rig.arrived(person)) == 1


def test_a_mail_leaves_and_forged_or_automatic_ones_do_not(readers, folder):
    by_mail, away, forged = (f"{name}@example.test" for name in ("by-mail", "away", "forged"))
    for person in (by_mail, away, forged):
        readers.send(person)
    offers = {person: readers.offer(person).mail for person in (by_mail, away, forged)}
    assert {subject for _, subject in offers.values()} == {"unsubscribe"}
    service = readers.service
    with PostfixClient(folder / "provider", relay=(service.address, service.mx)) as provider:
        automatic = EmailMessage()
        automatic["From"], automatic["To"], automatic["Auto-Submitted"] = away, offers[away][0], "auto-replied"
        automatic["Subject"] = "Out of office"
        provider.send(automatic, away, [offers[away][0]])
        asked = EmailMessage()
        asked["From"], asked["To"], asked["Subject"] = by_mail, offers[by_mail][0], "unsubscribe"
        provider.send(asked, by_mail, [offers[by_mail][0].upper()])
        (event,) = until(lambda: readers.left(by_mail), within=60)
    began = time.monotonic()
    assert (event["source"], event["topic"], event["campaign"]) == ("mailto", "offers", "spring")
    assert readers.stopped(by_mail, began) < EFFECTIVE
    with smtplib.SMTP(service.address, service.mx, timeout=20) as client:
        client.ehlo("mail.example.test")
        client.mail("x@example.test")
        address = offers[forged][0]
        code, _ = client.rcpt(address[:30] + ("a" if address[30] != "a" else "b") + address[31:])
        assert code == 550  # refused at once, so that nothing ever comes back to whoever is named as the sender
    assert readers.left(away) == readers.left(forged) == []
    assert readers.tried(away) == readers.tried(forged) == ""


def test_the_page_leaves_one_topic_and_takes_it_back(readers):
    person = "page@example.test"
    readers.send(person)
    where = urlsplit(readers.offer(person).https)
    url = f"http://{readers.service.address}:{readers.service.public}{where.path}"
    with urllib.request.urlopen(url, timeout=20) as answer:
        page = answer.read().decode()
    assert re.findall(r'name="topic" value="(\w+)" checked', page) == ["offers", "news"]
    form = [("offered", "offers"), ("offered", "news"), ("topic", "offers"), ("confirm", "choose")]
    with urllib.request.urlopen(url, urlencode(form).encode(), timeout=20) as answer:
        assert answer.status == 200
    began = time.monotonic()
    assert readers.stopped(person, began, topic="news") < EFFECTIVE
    (event,) = until(lambda: readers.left(person))
    assert (event["source"], event["topic"]) == ("click", "news")
    with urllib.request.urlopen(url, b"confirm=all", timeout=20) as answer:
        assert answer.status == 200
    until(lambda: not readers.tried(person, topic="news"))
    (back,) = readers.rig.events(person, kind="subscribed")
    assert back["topic"] == "news"


def test_what_readers_did_is_counted(readers):
    person = "counted@example.test"
    readers.send(person, campaign="counting")
    readers.push(readers.offer(person))
    until(lambda: readers.left(person))

    def counted():
        found = readers.service.cli("statistics", "show", "--tenant", "customer", "--filter", "campaign=counting")
        return found if '"unsubscribed": 1' in json.dumps(found) else None

    assert until(counted)
