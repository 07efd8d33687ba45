"""A report becomes one event for one copy, proved by what only we can have written."""

from __future__ import annotations

import base64
import email
import json
from email import encoders
from functools import partial
from typing import Any

import msgspec
import pytest
from tests.contract.kit import START, mint, submission
from tests.unit.mail.test_arf import GOLDEN, golden

from estafette.base.seal import Keyring
from estafette.mail import verp
from estafette.model.event import Event, pack
from estafette.relay.feedback.complaints import ComplaintReader
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.feedback.returned import Returned
from estafette.relay.submission.return_gate import MAC_PURPOSE
from estafette.tenancy import suppressions, tenants
from estafette.tracking.writer import Writer

DOMAIN = "bounces.service.test"
FOLDED = b"3789e1ae1938aa2f0dfdfa48b20d8f8bc6c21ac34fc5023d\n       63f9e64a43dfedc0"
COMPLAINTS = sorted(name for name, each in GOLDEN.items() if each["read"]["effect"] == "complaint")


class World:
    """A tenant, a store with a message to some people, and the reader."""

    def __init__(self, office, store) -> None:
        self.office, self.store, self.mint = office, store, mint
        self.tenant = str(tenants.create(office, "acme")["id"])
        self.journeys = Journeys(store.history)
        verify = partial(office.keyring.verify, MAC_PURPOSE)
        self.reader = ComplaintReader(
            office=office, journeys=self.journeys, mint=store.mint,
            path=lambda address: verp.read(verify, address, DOMAIN), domain=DOMAIN,
        )  # fmt: skip
        self.writer = Writer(office.keyring, "https://t.service.test")

    async def mail(self, *recipients: str, **changes):
        sent = submission(*recipients, tenant=self.tenant, stream="bulk", kind="bulk", **changes)
        labels = {
            "stream": "bulk",
            "campaign": "spring",
            "tags": ("a",),
            "template": "t@1",
            "credential": "c",
            "from_domain": "sender.test",
        }
        facts = [
            pack(self._fact(row, "queued", START, **labels)) for row in sent.deliveries
        ] + [pack(self._fact(row, "delivered", START + 1, **labels, site="yahoodns.net")) for row in sent.deliveries]  # fmt: skip
        await self.store.spool.record(facts)
        await self.store.spool.flush()
        return sent

    def _fact(self, row, kind, at, **labels) -> Event:
        return Event(
            id=mint.next(), at=at, kind=kind, tenant=self.tenant, message=row.message, number=row.number,
            recipient=row.address, **labels,
        )  # fmt: skip

    def mark(self, sent, number=1) -> bytes:
        return self.writer.complaint(sent.content, sent.deliveries[number - 1]).encode()

    def path(self, sent, number=1, domain=DOMAIN) -> bytes:
        return verp.make(partial(self.office.keyring.mac, MAC_PURPOSE), sent.content.id, number, domain).encode()

    async def take(self, message: bytes, **more):
        await self.journeys.load(())
        fields: dict[str, Any] = {
            "id": mint.next(),
            "at": START + 60,
            "sender": "",
            "to": ("abuse@mx1.service.test",),
            "source": "192.0.2.1",
        } | more
        return await self.reader.take(Returned(body=message, **fields))


@pytest.fixture
async def world(office, store):
    made = World(office, store)
    made.sent = await made.mail("ann@yahoo.example", "joe@example.com")
    return made


def about(name: str, field: bytes) -> bytes:
    """Return a golden report whose returned header has a field of ours, whatever was redacted of it."""
    message = golden(name)
    if name.startswith("xarf"):
        return with_evidence(message, field)
    for place in (b"Subject: News", b"Subject: Earn money", b"CFBL-Address: "):
        head, found, tail = message.rpartition(place)
        if found:
            return head + field + b"\n" + found + tail
    raise AssertionError(name)


def with_evidence(message: bytes, field: bytes) -> bytes:
    """Return a report in JSON whose evidence is a message with a field of ours."""
    letter = email.message_from_bytes(message)
    document = list(letter.walk())[-1]
    octets: Any = document.get_payload(decode=True)
    told = json.loads(octets)
    (sample,) = told["Report"]["Samples"] if "Report" in told else told["evidence"]
    name = "Payload" if "Payload" in sample else "payload"
    sample[name] = base64.b64encode(field + b"\n" + base64.b64decode(sample[name])).decode()
    document.set_payload(json.dumps(told).encode())
    del document["Content-Transfer-Encoding"]
    encoders.encode_base64(document)
    return letter.as_bytes()


@pytest.mark.parametrize("name", COMPLAINTS)
async def test_every_golden_report_is_one_event_with_all_labels(world, name):
    if name == "rfc9477-headers":
        message = golden(name).replace(FOLDED, world.mark(world.sent))
    else:
        message = about(name, b"CFBL-Feedback-ID: " + world.mark(world.sent))
    if name == "rfc5965-full":  # its copy is cut by an empty line before the field
        message = message.replace(b"14:00:00 -0400\n\nTo", b"14:00:00 -0400\nTo")
    taken = await world.take(message)
    (event,) = taken.events
    assert taken.what == "complaint"
    assert (event.kind, event.tenant, event.stream, event.message, event.number, event.recipient) == (
        "complained", world.tenant, "bulk", world.sent.content.id, 1, "ann@yahoo.example",
    )  # fmt: skip
    assert (event.campaign, event.tags, event.template, event.credential, event.from_domain, event.site) == (
        "spring", ("a",), "t@1", "c", "sender.test", "yahoodns.net",
    )  # fmt: skip
    assert (event.at, event.source, event.reason) == (
        START + 60, GOLDEN[name]["read"].get("programme", "mailbox.example"), GOLDEN[name]["read"]["kind"],
    )  # fmt: skip


async def test_however_often_it_is_reported_it_is_one_event(world):
    first = await world.take(about("yahoo", b"CFBL-Feedback-ID: " + world.mark(world.sent)))
    again = await world.take(about("signal-spam", b"CFBL-Feedback-ID: " + world.mark(world.sent)))
    path = await world.take(about("fastmail", b"X-Return-Path: <%s>" % world.path(world.sent)))
    assert [each.what for each in (first, again, path)] == ["complaint", "complaint_again", "complaint_again"]
    assert [len(each.events) for each in (first, again, path)] == [1, 0, 0]
    (kept,) = world.office.control.complaints.newest(world.tenant, "bulk")
    assert (kept.reports, kept.programme, kept.kind, kept.event) == (3, "yahoo", "abuse", first.events[0].id)


async def test_a_report_that_is_read_again_after_a_crash_says_the_same(world):
    message, number = about("yahoo", b"CFBL-Feedback-ID: " + world.mark(world.sent)), mint.next()
    first, again = [await world.take(message, id=number) for _ in range(2)]
    assert first.events == again.events
    (kept,) = world.office.control.complaints.newest(world.tenant, "bulk")
    assert kept.reports == 1


async def test_two_recipients_are_two_complaints(world):
    events = [
        (await world.take(about("yahoo", b"CFBL-Feedback-ID: " + world.mark(world.sent, number)))).events[0]
        for number in (1, 2)
    ]
    assert [event.recipient for event in events] == ["ann@yahoo.example", "joe@example.com"]


@pytest.mark.parametrize(
    "field",
    [
        b"Return-Path: <%(path)s>",
        b"X-Envelope-From: %(upper)s",
        b"List-Unsubscribe: <https://t.service.test/u/%(token)s>, <mailto:x@y.test>",
        b"CFBL-Feedback-ID: %(token)s",
    ],
)
async def test_any_mark_of_ours_proves(world, field):
    path, token = world.path(world.sent, 2), world.mark(world.sent, 2)
    taken = await world.take(about("signal-spam", field % {b"path": path, b"upper": path.upper(), b"token": token}))
    assert [event.recipient for event in taken.events] == ["joe@example.com"]


async def test_what_a_report_says_of_recipients_is_not_believed(world):
    message = about("yahoo", b"CFBL-Feedback-ID: " + world.mark(world.sent, 1))
    message = message.replace(b"Original-Rcpt-To: ann@yahoo.example", b"Original-Rcpt-To: joe@example.com")
    assert [event.recipient for event in (await world.take(message)).events] == ["ann@yahoo.example"]


@pytest.mark.parametrize("name", sorted(GOLDEN))
async def test_a_report_about_mail_of_others_is_filed(world, name):
    taken = await world.take(golden(name))
    assert (taken.what, taken.keep) == ("not_ours_complaint", None)
    (event,) = taken.events
    assert (event.kind, event.tenant, event.reason) == ("unknown", "", "not_ours_complaint")
    assert world.office.control.complaints.newest(world.tenant, "bulk") == ()


async def test_forged_marks_prove_nothing(world, tmp_path):
    stranger = Keyring.create(tmp_path / "other")
    path = verp.make(partial(stranger.mac, MAC_PURPOSE), world.sent.content.id, 1, DOMAIN).encode()
    token = Writer(stranger, "https://t").complaint(world.sent.content, world.sent.deliveries[0]).encode()
    mark = world.mark(world.sent)
    for field, what in (
        (b"Return-Path: <%s>" % path, "not_ours_forged"),
        (b"Return-Path: <%s>" % world.path(world.sent, 1, "other.test"), "not_ours_complaint"),
        (b"CFBL-Feedback-ID: " + token, "not_ours_complaint"),
        (b"CFBL-Feedback-ID: " + mark[:-1], "not_ours_complaint"),
        (b"CFBL-Feedback-ID: " + mark.swapcase(), "not_ours_complaint"),
    ):
        assert (await world.take(about("signal-spam", field))).what == what
    assert world.office.control.complaints.newest(world.tenant, "bulk") == ()


@pytest.mark.parametrize(("name", "what"), [("not-spam", "report_not_spam"), ("rfc6591-auth-failure", "report_filed")])
async def test_what_is_no_complaint_is_only_written_down(world, name, what):
    taken = await world.take(about(name, b"CFBL-Feedback-ID: " + world.mark(world.sent)))
    assert (taken.what, [event.kind for event in taken.events]) == (what, ["unknown"])


async def test_other_mail_is_somebody_elses(world):
    assert await world.take(b"Subject: hello\r\n\r\nhello\r\n") is None


async def test_a_letter_to_several_names_nobody_and_to_one_names_that_one(world):
    one = await world.mail("ann@example.com")
    for sent, recipient, number in ((world.sent, "", 0), (one, "ann@example.com", 1)):
        (event,) = (await world.take(about("fastmail", b"X-Return-Path: <%s>" % world.path(sent, 0)))).events
        assert (event.recipient, event.number, event.stream) == (recipient, number, "bulk")


async def test_a_report_to_a_return_path_is_about_its_message(world):
    taken = await world.take(golden("signal-spam"), paths=((world.sent.content.id, 2),))
    assert [event.recipient for event in taken.events] == ["joe@example.com"]


async def test_somebody_whom_the_log_forgot_gets_no_more_mail(world, directory):
    gone = submission("zoe@example.com", tenant=world.tenant, stream="bulk", kind="bulk")
    (event,) = (await world.take(about("yahoo", b"CFBL-Feedback-ID: " + world.mark(gone)))).events
    assert (event.recipient, event.stream, event.number) == ("", "bulk", 1)
    directory.reload()
    assert directory.suppressed(world.tenant, "bulk", "zoe@example.com") == "complained"
    assert directory.suppressed(world.tenant, "bulk", "joe@example.com") == ""


async def test_a_tenant_that_is_gone_and_a_message_that_nobody_knows_are_too_late(world):
    stranger = submission("zoe@example.com", tenant="0000000000000", stream="bulk")
    for field in (b"CFBL-Feedback-ID: " + world.mark(stranger), b"X-Return-Path: <%s>" % world.path(stranger)):
        assert (await world.take(about("fastmail", field))).what == "complaint_too_late"


async def test_a_late_report_after_the_log_is_pruned_is_no_second_event(world):
    first = await world.take(about("yahoo", b"CFBL-Feedback-ID: " + world.mark(world.sent)))
    await world.store.history.prune(START + 9e6)
    assert suppressions.list_all(world.office, "acme")["items"] == []
    again = await world.take(about("yahoo", b"CFBL-Feedback-ID: " + world.mark(world.sent)), at=START + 9e6)
    assert (len(first.events), again.what, again.events) == (1, "complaint_again", ())


async def test_personal_mail_stays_its_senders(world):
    sent = submission("ann@example.com", tenant=world.tenant, stream="personal", kind="personal")
    fact = msgspec.structs.replace(world._fact(sent.deliveries[0], "queued", START, stream="personal"), private=True)
    await world.store.spool.record([pack(fact)])
    await world.store.spool.flush()
    (event,) = (await world.take(about("fastmail", b"X-Return-Path: <%s>" % world.path(sent, 0)))).events
    assert (event.private, event.stream, event.recipient) == (True, "personal", "ann@example.com")
