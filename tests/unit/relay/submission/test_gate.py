from __future__ import annotations

import msgspec
import pytest

from estafette.base import ids
from estafette.base.errors import Refusal
from estafette.base.ids import Mint
from estafette.config.schema import Delivery, Limits, Retention
from estafette.model.address import Address, parse_path
from estafette.model.credential import Identity
from estafette.model.domain import Domain
from estafette.model.envelope import NOTIFY_FAILURE, NOTIFY_NEVER, Envelope, Recipient
from estafette.model.event import unpack
from estafette.model.message import Asked
from estafette.relay.submission.client import ClientInfo
from estafette.relay.submission.gate import Gate
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import credentials, streams, suppressions, tenants
from estafette.tenancy.office import Office

CLIENT = ClientInfo(address="192.0.2.7", helo="pc.acme.test", protocol="ESMTPSA", hostname="mx1.service.test")


class Still:
    """A clock that stands."""

    def now(self) -> float:
        return 1_700_000_000.25

    def monotonic(self) -> float:
        return 1.0


class Desk:
    """A gate with two tenants: acme.test and rival.test."""

    def __init__(self, office: Office, directory: DirectorySnapshot) -> None:
        self.office, self.directory = office, directory
        for name in ("Acme", "Rival"):
            tenant = str(tenants.create(office, name)["id"])
            proved = Domain(id=name, tenant=tenant, name=f"{name.lower()}.test", status="verified")
            office.control.add_domain(proved, (), office.entry("test"))
        clock = Still()
        self.gate = Gate(
            directory=directory,
            limits=Limits(message_size=100_000),
            retention=Retention(),
            delivery=Delivery(),
            clock=clock,
            mint=Mint(clock.now),
            hostname="mx1.service.test",
            return_path="bounces.service.test",
        )

    def login(self, **how) -> Identity:
        made = credentials.create(self.office, "Acme", **how)
        self.directory.reload()
        return self.gate.authenticate(made["username"], made["password"].encode(), "192.0.2.7")

    def finish(self, identity: Identity, message: bytes, *to: str, **parameters):
        recipients = tuple(Recipient(each, each.rpartition("@")[2]) for each in to or ("b@example.test",))
        return self.gate.finish(identity, Envelope("a@acme.test", recipients, **parameters), message, CLIENT)


@pytest.fixture
def desk(office: Office, directory: DirectorySnapshot) -> Desk:
    return Desk(office, directory)


@pytest.fixture
def anna(desk: Desk) -> Identity:
    return desk.login()


def message(*fields: bytes, body: bytes = b"Hello\r\n") -> bytes:
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


PLAIN = message(b"From: Anna <a@acme.test>", b"To: b@example.test", b"Subject: Hi")


@pytest.mark.parametrize(("user", "password"), [("nobody", b"x"), (None, b"wrong"), ("", b""), (None, b"\xff")])
def test_every_failed_login_sounds_the_same(desk: Desk, anna: Identity, user, password: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        desk.gate.authenticate(anna.username if user is None else user, password, "192.0.2.7")
    assert str(caught.value) == "535 5.7.8 authentication credentials invalid"


@pytest.mark.parametrize(
    ("sender", "rule"),
    [
        ("a@acme.test", ""),
        ("A@ACME.test", ""),
        ("a@rival.test", "sender_not_allowed"),
        ("a@sub.acme.test", "sender_not_allowed"),
        ("a@acme.test.evil.test", "sender_not_allowed"),
        ("a@[192.0.2.1]", "sender_not_allowed"),
        (None, "null_sender"),
    ],
)
def test_envelope_senders(desk: Desk, anna: Identity, sender: str | None, rule: str) -> None:
    assert _rule(desk.gate.check_sender, anna, parse_path(sender) if sender else None) == rule


def test_our_own_notices_bear_the_null_sender(desk: Desk, anna: Identity) -> None:
    desk.gate.check_sender(msgspec.structs.replace(anna, via="socket"), None)


def _rule(call, *arguments) -> str:
    """The rule that refused, "" when none did."""
    try:
        call(*arguments)
    except Refusal as refusal:
        return refusal.rule if refusal.code == 550 else f"{refusal.code} {refusal.rule}"
    return ""


@pytest.mark.parametrize(
    ("local", "domain", "rule"),
    [
        ("b", "example.test", ""),
        ("b", "[192.0.2.1]", "recipient_literal"),
        ("b", "[IPv6:2001:db8::1]", "recipient_literal"),
        ("c%example.test", "acme.test", "recipient_routing"),
        ("example.test!c", "acme.test", "recipient_routing"),
        ('"c@example.test"', "acme.test", "recipient_routing"),
        ("r0", "bounces.service.test", "recipient_return_path"),
        ("gone", "example.test", "suppressed"),
        ("GONE", "example.test", "suppressed"),
    ],
)
def test_recipients(desk: Desk, anna: Identity, local: str, domain: str, rule: str) -> None:
    suppressions.add(desk.office, "Acme", "gone@example.test")
    suppressions.add(desk.office, "Rival", "b@example.test")
    desk.directory.reload()
    assert _rule(desk.gate.check_recipient, anna, Address(local, domain)) == rule


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ([b"From: a@acme.test"], ""),
        ([b"From: =?utf-8?q?Anna=40rival=2Etest?= <a@acme.test>"], ""),
        ([b"From: (a@rival.test) a@acme.test (x)"], ""),
        ([b'From: "a@rival.test" <a@acme.test>'], ""),
        ([b"From: Anna\r\n <a@acme.test>"], ""),
        ([b"From: a@acme.test", b"Sender: b@acme.test"], ""),
        ([b"From: Team: a@acme.test, b@acme.test;"], ""),
        ([b"From: a@rival.test"], "sender_not_allowed"),
        ([b"From: a@acme.test, b@rival.test"], "sender_not_allowed"),
        ([b"From: Team: a@acme.test, b@rival.test;"], "sender_not_allowed"),
        ([b"From: a@acme.test", b"Sender: b@rival.test"], "sender_not_allowed"),
        ([b"From: a@acme.test", b"From: b@rival.test"], "from_repeated"),
        ([b"From: a@acme.test", b"fRoM : b@rival.test"], "from_repeated"),
        ([b"From: a@acme.test", b"Sender: b@acme.test", b"Sender: c@acme.test"], "sender_repeated"),
        ([b"From: a@acme.test", b"Sender: b@acme.test, c@acme.test"], "sender_malformed"),
        ([b"Subject: none"], "from_missing"),
        ([b"From: undisclosed:;"], "from_malformed"),
        ([b"From:"], "from_malformed"),
        ([b"From: a@rival.test <a@acme.test"], "from_malformed"),
        ([b"From: <a@acme.test> <b@rival.test>"], "from_malformed"),
        ([b"From: a@acme.test \xff"], "from_malformed"),
        ([b"From: a@acme.test", b"From\x00: b@rival.test"], "from_malformed"),
        ([b"From: a@acme.test", b"\xa0From: b@rival.test"], "from_malformed"),
    ],
)
def test_whose_name_a_message_may_bear(desk: Desk, anna: Identity, fields: list[bytes], rule: str) -> None:
    for _ in range(2):
        assert _rule(desk.finish, anna, message(*fields)) == rule


def test_what_was_allowed_is_forgotten_when_the_domain_goes(desk: Desk, anna: Identity) -> None:
    desk.finish(anna, PLAIN)
    (domain,) = desk.office.control.domains(name="acme.test")
    desk.office.control.put_domain(msgspec.structs.replace(domain, status="suspended"), None)
    desk.directory.reload()
    assert _rule(desk.finish, anna, PLAIN) == "sender_not_allowed"


def test_what_is_kept(desk: Desk, anna: Identity) -> None:
    kept = desk.finish(anna, PLAIN, "b@example.test", "c@other.test", "b@example.test")
    content = kept.content
    assert content.body.startswith(b"Received: from pc.acme.test ([192.0.2.7])")
    assert content.body.endswith(b"\r\n\r\nHello\r\n")
    assert b"\r\nDate: " in content.body
    assert f"Message-ID: <{ids.show(content.id).lower()}@acme.test>".encode() in content.body
    assert (content.size, content.header_from, content.subject) == (len(content.body), "acme.test", "Hi")
    assert [(row.number, row.address, row.lane) for row in kept.deliveries] == [
        (1, "b@example.test", "example.test"),
        (2, "c@other.test", "other.test"),
    ]
    assert {row.expires - row.born for row in kept.deliveries} == {432000.0}
    events = [unpack(blob) for blob in kept.events]
    assert [(e.kind, e.message, e.number, e.recipient) for e in events] == [
        ("queued", content.id, 1, "b@example.test"),
        ("queued", content.id, 2, "c@other.test"),
    ]


def test_labels_are_read_and_taken_out(desk: Desk, anna: Identity) -> None:
    labels = [b"X-Estafette-Campaign: spring", b"X-Estafette-Stream: bulk", b"x-estafette-tag: one", b"Bcc: z@x.test"]
    kept = desk.finish(anna, message(b"From: a@acme.test", *labels))
    assert (kept.content.campaign, kept.content.stream, kept.content.tags) == ("spring", "bulk", ("one",))
    assert kept.deliveries[0].priority == 2
    head = kept.content.body.lower()
    assert b"x-estafette" not in head
    assert b"bcc" not in head


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        (b"X-Estafette-Stream: personal", "stream_not_allowed"),
        (b"X-Estafette-Stream: none", "stream_not_allowed"),
        (b"X-Estafette-Campaign: " + b"c" * 256, "campaign_malformed"),
        (b"X-Estafette-Campaign: a\x07b", "campaign_malformed"),
        (b"X-Estafette-Campaign: a\r\nX-Estafette-Campaign: b", "campaign_malformed"),
        (b"\r\n".join([b"X-Estafette-Tag: t"] * 11), "tag_malformed"),
    ],
)
def test_labels_that_are_refused(desk: Desk, anna: Identity, field: bytes, rule: str) -> None:
    assert _rule(desk.finish, anna, message(b"From: a@acme.test", field)) == rule


def test_a_stream_is_suspended_or_suppresses_by_its_own_list(desk: Desk, anna: Identity) -> None:
    suppressions.add(desk.office, "Acme", "b@example.test", stream="bulk")
    desk.directory.reload()
    labelled = message(b"From: a@acme.test", b"X-Estafette-Stream: bulk")
    assert _rule(desk.finish, anna, labelled) == "suppressed"
    streams.update(desk.office, "Acme", "bulk", streams.Habits(suspended="complaints"))
    desk.directory.reload()
    assert _rule(desk.finish, anna, labelled) == "stream_suspended"
    desk.finish(anna, PLAIN)


def test_mail_in_circles_ends(desk: Desk, anna: Identity) -> None:
    hops = [b"Received: from a by b; now"] * 50
    desk.finish(anna, message(*hops, b"From: a@acme.test"))
    with pytest.raises(Refusal) as caught:
        desk.finish(anna, message(*hops, hops[0], b"From: a@acme.test"))
    assert (caught.value.code, caught.value.enhanced) == (554, "5.4.6")


def test_quota_refuses_and_says_when_to_come_back(desk: Desk, anna: Identity) -> None:
    tenants.update(desk.office, "Acme", queued_limit=2)
    desk.directory.reload()
    desk.finish(anna, PLAIN, "b@example.test")
    for call in (
        lambda: desk.finish(anna, PLAIN, "b@example.test", "c@example.test"),
        lambda: (desk.finish(anna, PLAIN), desk.gate.check_recipient(anna, parse_path("b@example.test"))),
    ):
        with pytest.raises(Refusal) as caught:
            call()
        assert (caught.value.code, caught.value.rule, caught.value.retry_after) == (452, "quota", 60.0)


def test_too_many_waiting_octets_refuse_before_data(desk: Desk, anna: Identity) -> None:
    desk.directory.queued({anna.tenant: (1, 5_000_000_001)})
    with pytest.raises(Refusal) as caught:
        desk.gate.check_sender(anna, parse_path("a@acme.test"))
    assert (caught.value.code, caught.value.rule) == (452, "queue_bytes")


def test_a_suspended_tenant_and_a_revoked_login_send_nothing(desk: Desk, anna: Identity) -> None:
    tenants.suspend(desk.office, "Acme", "unpaid")
    desk.directory.reload()
    assert _rule(desk.gate.check_sender, anna, parse_path("a@acme.test")) == "tenant_suspended"
    assert _rule(desk.finish, anna, PLAIN) == "tenant_suspended"
    tenants.resume(desk.office, "Acme")
    credentials.revoke(desk.office, anna.username)
    desk.directory.reload()
    assert _rule(desk.finish, anna, PLAIN) == "credential_revoked"


@pytest.mark.parametrize(
    ("stream", "report_to", "notify", "reports"),
    [
        ("personal", "", 0, "a@acme.test"),
        ("transactional", "", 0, ""),
        ("transactional", "", NOTIFY_FAILURE, ""),
        ("transactional", "a@acme.test", 0, "a@acme.test"),
        ("bulk", "ops@acme.test", 0, "ops@acme.test"),
    ],
)
def test_who_is_told(desk: Desk, stream: str, report_to: str, notify: int, reports: str) -> None:
    streams.update(desk.office, "Acme", stream, streams.Habits(report_to=report_to))
    identity = desk.login(stream=stream)
    envelope = Envelope("a@acme.test", (Recipient("b@example.test", "example.test", notify),))
    content = desk.gate.finish(identity, envelope, PLAIN, CLIENT).content
    assert content.reports == reports
    assert content.subject == ("" if stream == "personal" else "Hi")
    assert content.retention == (0.0 if stream == "personal" else 604800.0)


def test_what_the_sender_asked_of_each_recipient_stays_with_the_message(desk: Desk, anna: Identity) -> None:
    plain, never = (
        Recipient("b@example.test", "example.test"),
        Recipient("c@example.test", "example.test", NOTIFY_NEVER),
    )
    known = Recipient("d@example.test", "example.test", orcpt="rfc822;dd@example.test")
    content = desk.gate.finish(anna, Envelope("a@acme.test", (plain, never, known)), PLAIN, CLIENT).content
    assert content.asked == (Asked(2, NOTIFY_NEVER), Asked(3, 0, "rfc822;dd@example.test"))
    assert content.asked_of(1) == Asked(1)


def test_a_streamed_head_gets_the_same_treatment(desk: Desk, anna: Identity) -> None:
    envelope = Envelope("a@acme.test", (Recipient("b@example.test", "example.test"),))
    head = b"From: a@acme.test\r\nBcc: z@x.test\r\n\r\n"
    mended, kept = desk.gate.finish_streamed(anna, envelope, head, "file", 1_000_000, False, CLIENT)
    assert mended.startswith(b"Received: ")
    assert mended.endswith(b"\r\n\r\n")
    assert b"Bcc" not in mended
    assert (kept.content.file, kept.content.size) == ("file", len(mended) + 1_000_000)
    with pytest.raises(Refusal):
        desk.gate.finish_streamed(anna, envelope, b"From: a@rival.test\r\n\r\n", "file", 9, False, CLIENT)


def test_a_message_above_the_limit(desk: Desk, anna: Identity) -> None:
    with pytest.raises(Refusal) as caught:
        desk.finish(anna, message(b"From: a@acme.test", body=b"x\r\n" * 40_000))
    assert (caught.value.code, caught.value.enhanced) == (552, "5.3.4")
