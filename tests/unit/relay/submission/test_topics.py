"""Topics and ways to leave, as the gate asks for them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.relay.submission.test_gate import PLAIN, Desk, message

from estafette.base.errors import Refusal
from estafette.config.schema import Delivery, Retention
from estafette.model.address import parse_path
from estafette.model.credential import Identity
from estafette.model.domain import Domain
from estafette.model.event import unpack
from estafette.relay.submission.gate import Gate
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import suppressions, tenants, topics
from estafette.tenancy.office import Office

_RETENTION, _DELIVERY = Retention(), Delivery()
ANN, BOB = "ann@example.test", "bob@example.test"


@pytest.fixture
def desk(office: Office, directory: DirectorySnapshot) -> Desk:
    made = Desk(office, directory)
    for name in ("offers", "news"):
        topics.create(office, "Acme", "bulk", name, title=name.title())
    directory.reload()
    return made


@pytest.fixture
def shop(desk: Desk) -> Identity:
    return desk.login(stream="bulk")


def about(topic: str) -> bytes:
    return message(b"From: a@acme.test", b"To: x@example.test", b"X-Estafette-Topic: " + topic.encode())


def test_a_letter_belongs_to_the_topic_that_it_names(desk: Desk, shop: Identity) -> None:
    taken = desk.finish(shop, about("offers"), ANN)
    assert taken.content.topic == "offers"
    assert b"topic" not in taken.content.body.lower()
    assert [unpack(event).topic for event in taken.events] == ["offers"]
    assert desk.finish(shop, PLAIN, ANN).content.topic == ""


@pytest.mark.parametrize("topic", ["other", "Offers", "offers/x", "bulk/offers"])
def test_a_topic_that_its_stream_does_not_have_is_refused(desk: Desk, shop: Identity, topic: str) -> None:
    with pytest.raises(Refusal, match="has no topic") as refused:
        desk.finish(shop, about(topic), ANN)
    assert refused.value.rule == "topic_unknown"
    with pytest.raises(Refusal, match="has no topic"):
        desk.finish(desk.login(), about("offers"), ANN)


def test_who_left_the_topic_is_refused_alone_and_admitted_among_others(desk: Desk, shop: Identity) -> None:
    suppressions.add(desk.office, "Acme", ANN, stream="bulk/offers", reason="unsubscribed")
    desk.directory.reload()
    with pytest.raises(Refusal, match="suppression list of the topic") as refused:
        desk.finish(shop, about("offers"), ANN)
    assert refused.value.rule == "suppressed"
    assert len(desk.finish(shop, about("offers"), ANN, BOB).deliveries) == 2  # the line looks again, before the attempt
    assert desk.finish(shop, about("news"), ANN)
    desk.gate.check_recipient(shop, parse_path(ANN))
    with pytest.raises(Refusal, match="suppression list"):
        desk.gate.check_recipient(shop, parse_path(ANN), topic="offers")


def ready(desk: Desk, **more: Any) -> Identity:
    """Let Acme's bulk stream start, but for what the test is about."""
    tenants.update(desk.office, "Acme", identity="Acme Ltd", postal_address="1 High Street")
    gate = desk.gate
    desk.gate = Gate(
        directory=gate._directory, limits=gate._limits, retention=_RETENTION, delivery=_DELIVERY, clock=gate._clock,
        mint=gate._mint, hostname="mx1.service.test", return_path="bounces.service.test", bulk_checked=True, **more,
    )  # fmt: skip
    shop = desk.login(stream="bulk")
    desk.directory.signing_keys = lambda *_: (Domain,)
    return shop


def test_a_bulk_stream_starts_with_a_way_to_leave_only(desk: Desk) -> None:
    shop = ready(desk, no_leaving="service.public_url")
    with pytest.raises(Refusal, match=r"unsubscribe \(the operator sets service.public_url") as refused:
        desk.finish(shop, PLAIN)
    assert refused.value.rule == "bulk_not_ready"
    own = message(b"From: a@acme.test", b"List-Unsubscribe: <https://acme.test/bye>")
    assert desk.finish(shop, own)
    assert desk.finish(desk.login(), PLAIN)  # one's order is confirmed all the same


def test_mail_that_is_signed_already_brings_its_own_way(desk: Desk) -> None:
    shop = ready(desk)
    assert desk.finish(shop, PLAIN)
    with pytest.raises(Refusal, match="signed already"):
        desk.finish(shop, message(b"DKIM-Signature: v=1", b"From: a@acme.test"))
    own = message(b"DKIM-Signature: v=1", b"From: a@acme.test", b"List-Unsubscribe: <https://acme.test/bye>")
    assert desk.finish(shop, own)
