"""Plays a planned week through the service: its customers, the servers of its recipients, and everybody who answers.

The service's clock is moved (libfaketime, an offset in a file), nobody else's is. What is sent and what comes back goes
over sockets, by clients that are not ours.
"""

# ruff: noqa: ARG002 - what comes of a letter is called by the name of its kind
from __future__ import annotations

import re
import smtplib
import time
import urllib.request
from collections import Counter
from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from functools import partial
from itertools import repeat
from typing import Any
from urllib.parse import urlencode, urlsplit

import time_machine
from tests.servers import packages, receiver
from tests.servers.calendar import until
from tests.servers.companies import Api, publish
from tests.servers.dns import DnsServer
from tests.servers.letters import stripped
from tests.servers.service import Service
from tests.servers.tls_front import TlsFront
from tests.servers.town import Arrived, Script, Town
from tests.simulation.week import returning
from tests.simulation.week.plan import DAYS, STREAMS, TENANTS, TOPICS, Entry, Later, Letter

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
#: Seconds within which a suppression is effective everywhere, as promised.
EFFECTIVE = 2.0
#: Seconds after which every process has looked at the file of its clock again, with a margin: libfaketime counts whole
#: ones, and reads the file when more of them than FAKETIME_CACHE_DURATION have begun.
CACHED = 1.2


class Clock:
    """The service's clock."""

    def __init__(self, service: Service) -> None:
        library = next(packages.TREE.glob("usr/lib/*/faketime/libfaketimeMT.so.1"))
        self._file = service.folder / "offset"
        self.offset = 0
        service.environment = {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_CACHE_DURATION": "0",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC",
        }  # fmt: skip

    def set(self, day: int, hour: int, minute: int = 0) -> None:
        """Let it be a time of a day of the week, from where it goes on."""
        wanted = MONDAY + timedelta(days=day, hours=hour, minutes=minute)
        self.offset = int(wanted.timestamp() - time.time())
        written = self._file.with_suffix(".new")
        written.write_text(f"{self.offset:+d}\n")
        written.rename(self._file)
        time.sleep(CACHED)

    @property
    def now(self) -> datetime:
        """What it says."""
        return datetime.fromtimestamp(time.time() + self.offset, UTC)


class Customer:
    """A tenant: its keys by stream, and its sessions of a day."""

    def __init__(self, name: str, tenant: str, credentials: dict[str, dict[str, Any]], service: Service) -> None:
        self.name = name
        self.tenant = tenant
        self._credentials = credentials
        self._service = service
        self.apis = {stream: Api(service, made["api_key"]) for stream, made in credentials.items()}
        self.api = self.apis["transactional"]

    def session(self, stream: str) -> smtplib.SMTP:
        """Log in as a mail program does."""
        client = smtplib.SMTP(self._service.address, self._service.submission, timeout=30)
        try:
            client.starttls(context=self._service.certificates.client())
            client.login(self._credentials[stream]["username"], self._credentials[stream]["password"])
        except smtplib.SMTPException:
            client.close()
            raise
        return client

    def post(self, letter: Letter) -> bool:
        """Send by the API; return whether it was accepted."""
        body = {
            "from": f"anna@{self.name}.test", "to": [letter.recipient], "subject": "News", "text": "News\n",
            "campaign": letter.campaign, "topic": letter.topic,
        }  # fmt: skip
        status, said = self.apis[letter.stream].ask(
            "POST", "/v1/emails", {key: value for key, value in body.items() if value}
        )
        assert status in {202, 422, 403}, (status, said)
        return status == 202

    def hand_over(self, client: smtplib.SMTP, letter: Letter) -> bool:
        """Send by SMTP; return whether it was accepted."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = f"anna@{self.name}.test", letter.recipient, "News"
        if letter.campaign:
            message["X-Estafette-Campaign"] = letter.campaign
        if letter.topic:
            message["X-Estafette-Topic"] = letter.topic
        message.set_content("News\n")
        try:
            client.sendmail(str(message["From"]), [letter.recipient], message.as_bytes(policy=WIRE))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as refused:
            if "suppress" not in str(refused):
                raise
            return False
        return True


class Stage:
    """Everybody and everything of the week."""

    def __init__(self, service: Service, dns: DnsServer, town: Town, front: TlsFront) -> None:
        self.service = service
        self.dns = dns
        self.town = town
        self.front = front
        self.clock = Clock(service)
        self.handed_in = 0
        self._changed = 0.0

    def prepare(self, domains: Iterable[str]) -> None:
        """Make the store and the tenants, as an operator does by the API, and open the recipients' servers."""
        self.clock.set(0, 8)
        made = self.service.cli("init")
        records = [(each["name"], each["type"], each["value"]) for each in made["records"] if each["type"] == "TXT"]
        for domain in (*domains, *(f"{name}.test" for name in TENANTS)):
            address = self.town.open(domain)
            records += [(domain, "MX", f"10 mx.{domain}."), (f"mx.{domain}", "A", address)]
        self.dns.add(records)
        self.service.start()
        self._operator = Api(self.service, made["api_key"])
        self.customers = {name: self._customer(name) for name in TENANTS}

    def _customer(self, name: str) -> Customer:
        told = {"identity": name, "postal_address": "1 Main Street"}
        tenant = self._operator.do("POST", "/v1/tenants", {"name": name, "trust": "full"})["id"]
        path = f"/v1/tenants/{tenant}"
        self._operator.do("PATCH", path, told, If_Match="*")
        added = self._operator.do("POST", f"{path}/domains", {"domain": f"{name}.test"})
        publish(self.dns, added)
        until(lambda: self._operator.do("POST", f"{path}/domains/{name}.test/verify")["status"] == "verified")
        for topic in TOPICS:
            self._operator.do("POST", f"{path}/topics", {"stream": "bulk", "name": topic, "title": topic.title()})
        made = {stream: self._operator.do("POST", f"{path}/credentials", {"stream": stream}) for stream in STREAMS}
        customer = Customer(name, tenant, made, self.service)
        for stream in STREAMS:
            until(partial(_lets_in, customer, stream))
        return customer

    def restart(self) -> None:
        """Stop in order (with a ledger that adds up), and start again."""
        self.handed_in = 0  # the figures of returned mail begin again
        self.service.stop()
        self.service.start()

    def send(self, letters: list[Letter], refused: Container[Letter]) -> None:
        """Send the letters of a morning, each tenant and stream by itself; see that each is accepted, or refused."""
        time.sleep(max(0.0, self._changed + EFFECTIVE - time.monotonic()))
        for letter in letters:
            if letter.answer is not None:
                early = letter.answer.phase in {"connect", "ehlo", "mail"}
                key = f"@{letter.recipient.rpartition('@')[2]}" if early else letter.recipient
                self.town.scripts[key] = Script(letter.answer.phase, list(letter.answer.lines), letter.answer.lasting)
        customers = [customer for customer in self.customers.values() for _ in STREAMS]
        with ThreadPoolExecutor(len(customers)) as pool:
            done = pool.map(self._send, customers, STREAMS * len(TENANTS), repeat(letters))
            wrong = [letter for some in done for letter, taken in some.items() if taken == (letter in refused)]
        assert wrong == [], wrong

    def _send(self, customer: Customer, stream: str, letters: list[Letter]) -> dict[Letter, bool]:
        with customer.session(stream) as session:
            return {
                letter: customer.post(letter) if letter.by == "api" else customer.hand_over(session, letter)
                for letter in letters
                if (letter.tenant, letter.stream) == (customer.name, stream)
            }

    def attempted(self) -> None:
        """Return once everybody who waits was tried at least once: the clock must not overtake a first attempt."""
        until(lambda: all(each["attempts"] for each in self._waiting()), within=120)

    def drained(self, but: int) -> None:
        """Return once nobody waits any more but so many."""
        end = time.monotonic() + 60
        while len(left := self._waiting()) > but:
            assert time.monotonic() < end, f"still waiting: {left[:9]}\n{self.service.log.read_text()[-3000:]}"
            time.sleep(0.2)

    def told(self, planted: Counter[str], but: int) -> None:
        """Return once people have the reports they are owed, and nobody else waits but so many.

        The clock must not overtake a report either: it counts on the day it is queued.
        """

        def arrived() -> Counter[str]:
            return Counter(each.recipient for each in [*self.town.seen.arrived] if each.recipient in planted)

        try:
            until(lambda: arrived() == planted, within=60)
        except AssertionError:
            raise AssertionError(f"told {arrived()}, planted {planted}") from None
        self.drained(but)

    def _waiting(self) -> list[dict[str, Any]]:
        return [
            each
            for customer in self.customers.values()
            for each in customer.api.do("GET", "/v1/queue?limit=100")["items"]
        ]

    def newest(self, letter: Letter) -> Arrived:
        """Return the newest message that a recipient has of a tenant."""
        mark = f"anna@{letter.tenant}.test".encode()
        found = [each for each in self.town.seen.arrived if each.recipient == letter.recipient and mark in each.body]
        return found[-1]

    def _foreign(self, letter: Letter) -> Arrived:
        """Return some message of another tenant."""
        mark = f"anna@{letter.tenant}.test".encode()
        return next(each for each in self.town.seen.arrived if each.sender and mark not in each.body)

    def enter(self, entry: Entry) -> None:
        """Suppress an address as its tenant does."""
        end = MONDAY + timedelta(days=entry.until, hours=8)
        ends = {"expires": end.isoformat()} if entry.until <= DAYS else {}
        body = {"address": entry.address, "stream": entry.stream} | ends
        tenant = self.customers[entry.tenant].tenant
        self._operator.do("POST", f"/v1/tenants/{tenant}/suppressions", body)
        self._changed = time.monotonic()

    # Who answers.

    def play(self, letter: Letter, act: Later) -> None:
        """Do what a plan says comes of a letter."""
        if act.form in {"postfix", "exim", "opensmtpd"}:
            self.handed_in += 1  # it hands in by itself
            return
        getattr(self, f"_{act.kind}")(letter, act, self.newest(letter))
        self._changed = time.monotonic()

    def _late(self, letter: Letter, act: Later, came: Arrived) -> None:
        if act.form == "standard":
            self._report("failed", letter, came, act.line)
        else:
            self.hand_in(returning.recorded(act.form, came.sender, letter.recipient), came.sender)

    def _notice(self, letter: Letter, act: Later, came: Arrived) -> None:
        if act.form == "exim_delayed":
            self.hand_in(returning.recorded(act.form, came.sender, letter.recipient), came.sender)
        else:
            line = "451 4.4.1 still trying" if act.form == "delayed" else "250 2.0.0 passed on"
            self._report(act.form, letter, came, line)

    def _report(self, action: str, letter: Letter, came: Arrived, line: str, header: bytes = b"") -> None:
        header = header or returning.header_of(came.body, came.sender)
        self.hand_in(returning.report(action, came.sender, letter.recipient, line, header), came.sender)

    def _complaint(self, letter: Letter, act: Later, came: Arrived) -> None:
        header = returning.header_of(came.body, came.sender)
        body = returning.complaint(act.form, header, letter.recipient, came.sender)
        self.hand_in(body, "abuse@mx1.relay.test", sender="fbl@receiver.test")

    def _answer(self, letter: Letter, act: Later, came: Arrived) -> None:
        form = "vacation" if act.form == "leaving" else act.form
        to = self._offer(came)[1] if act.form == "leaving" else came.sender
        self.hand_in(returning.recorded(form, to, letter.recipient), to, sender=letter.recipient)

    def _leave(self, letter: Letter, act: Later, came: Arrived) -> None:
        https, mail, offer = self._offer(came)
        if act.form == "mailto":
            text = f"From: {letter.recipient}\r\nTo: {mail}\r\nSubject: unsubscribe\r\n\r\n"
            self.hand_in(text.encode(), mail, sender=letter.recipient)
        elif act.form == "one_click":
            host, _, port = self.front.host.rpartition(":")
            receiver.post(offer, (host, int(port)), self.service.certificates.client())
        else:
            kept = [topic for topic in TOPICS if topic != letter.topic] if act.form == "click" else []
            self._choose(https, kept)

    def _rejoin(self, letter: Letter, act: Later, came: Arrived) -> None:
        self._choose(self._offer(came)[0], None)

    def _choose(self, https: str, kept: list[str] | None) -> None:
        """Fill in the page: the topics that are kept, or all with one button."""
        url = f"http://{self.service.address}:{self.service.public}{urlsplit(https).path}"
        with urllib.request.urlopen(url, timeout=20) as page:
            assert page.status == 200
        form = [("confirm", "all")]
        if kept is not None:
            offered = [("offered", topic) for topic in TOPICS]
            form = [*offered, *(("topic", topic) for topic in kept), ("confirm", "choose")]
        with urllib.request.urlopen(url, urlencode(form).encode(), timeout=20) as answer:
            assert answer.status == 200

    def _offer(self, came: Arrived) -> tuple[str, str, receiver.Offer]:
        """Return what a message offers to who wants to leave, as a receiver reads it that day."""
        with time_machine.travel(self.clock.now, tick=True):
            offer = receiver.examine(stripped(came.body), self.dns)
        assert offer.mail is not None
        return offer.https, offer.mail[0], offer

    def _forged(self, letter: Letter, act: Later, came: Arrived) -> None:
        header, other = returning.header_of(came.body, came.sender), self._foreign(letter)
        gone = "550 5.1.1 no such user"
        if act.form == "dsn_wrong_mac":
            self._refused(returning.changed(came.sender))
        elif act.form == "mailto_broken":
            self._refused(returning.changed(self._offer(came)[1]))
        elif act.form == "dsn_of_another":
            self._report("failed", letter, came, gone, returning.header_of(other.body, other.sender))
        elif act.form == "dsn_foreign_id":
            name = b"X-Estafette-Id"
            (mine,), (foreign,) = (re.findall(rb"X-Estafette-Id: (\w+)", each.body) for each in (came, other))
            self._report("failed", letter, came, gone, header.replace(name + b": " + mine, name + b": " + foreign))
        elif act.form == "dsn_replayed":
            for _ in range(2):
                self._report("failed", letter, came, gone)
        else:
            bare = returning.unmarked(header)
            if act.form == "arf_wrong_mac":
                bare = f"Return-Path: <{returning.changed(came.sender)}>\r\n".encode() + bare
            self.hand_in(returning.complaint("signal-spam", bare), "abuse@mx1.relay.test", sender="fbl@receiver.test")

    def hand_in(self, body: bytes, to: str, *, sender: str = "") -> None:
        """Bring a message to the door for returned mail, which takes it."""
        with smtplib.SMTP(self.service.address, self.service.mx, timeout=20) as client:
            client.sendmail(sender, [to], body)
        self.handed_in += 1

    def _refused(self, address: str) -> None:
        with smtplib.SMTP(self.service.address, self.service.mx, timeout=20) as client:
            client.ehlo("stranger.test")
            client.mail("")
            assert client.rcpt(address)[0] == 550

    # What the service says.

    def read(self) -> Counter[str]:
        """Return what returned mail was since the last start, by what it was, once all of it is read."""
        counted: Counter[str] = Counter()

        def all_of_it() -> bool:
            counted.clear()
            url = f"http://{self.service.address}:{self.service.metrics}/metrics"
            with urllib.request.urlopen(url, timeout=20) as page:
                text = page.read().decode()
            for what, number in re.findall(r'^estafette_returns_read_total\{what="(\w+)"\} (\S+)', text, re.MULTILINE):
                counted[what] += int(float(number))
            return counted.total() >= self.handed_in

        try:
            until(all_of_it, within=120)
        except AssertionError:
            raise AssertionError(f"{self.handed_in} were handed in, {counted} read") from None
        return counted

    def suppressed(self, customer: Customer) -> dict[tuple[str, str, str], str]:
        """Return the list of a tenant as its key exports it."""
        found, after = {}, ""
        while True:
            page = customer.api.do("GET", f"/v1/suppressions?limit=500{after}")
            for each in page["items"]:
                assert each["tenant"] == customer.tenant
                found[customer.name, each["stream"], each["address"]] = each["reason"]
            if not page["next"]:
                return found
            after = f"&after={page['next']}"

    def events(self, customer: Customer) -> list[dict[str, Any]]:
        """Return the log as a tenant's key reads it."""
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"next": "0"}
        while page["next"]:
            page = customer.api.do("GET", f"/v1/events?limit=1000&after={page['next']}")
            found += page["items"]
        return found

    def statistics(self, customer: Customer, group: str) -> dict[tuple[int, str], dict[str, int]]:
        """Return (day, value) -> measures as a tenant's key is told them, once everything is counted."""
        span = f"since={MONDAY:%Y-%m-%d}&until={MONDAY + timedelta(days=9):%Y-%m-%d}&timezone=UTC"
        path = f"/v1/statistics?{span}&by=day&group={group}&limit=1000"
        until(lambda: not customer.api.do("GET", path)["events_behind"])
        found: dict[tuple[int, str], dict[str, int]] = {}
        for item in customer.api.do("GET", path)["items"]:
            day = (datetime.fromisoformat(item["start"]) - MONDAY).days
            found[day, item[group]] = {name: n for name, n in item["counts"].items() if n}
        return found


def _lets_in(customer: Customer, stream: str) -> bool:
    try:
        customer.session(stream).quit()
    except smtplib.SMTPAuthenticationError:
        return False
    return True
