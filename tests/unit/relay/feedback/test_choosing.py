"""Choosing among topics, and leaving by mail: what the directory and the log make of it."""

from __future__ import annotations

import msgspec
import pytest
from tests.contract.kit import START, submission

from estafette.base import ids
from estafette.base.errors import StoreUnavailable
from estafette.events.acts import Choice, Unsubscription
from estafette.mail import list_unsubscribe
from estafette.model.event import pack, unpack
from estafette.relay.feedback.returned import Returned
from estafette.relay.feedback.unsubscribe_mail import UnsubscribeMail
from estafette.relay.feedback.unsubscription import Unsubscribing
from estafette.tenancy import suppressions, tenants, topics
from estafette.tracking.token import person_of
from estafette.tracking.writer import MAIL_PURPOSE, Writer

ANN, JOE = "ann@example.com", "joe@example.com"
DOMAIN = "bounces.service.test"
TOPICS = ("events", "news", "offers")


@pytest.fixture
def tenant(office):
    made = tenants.create(office, "acme")["id"]
    for name in TOPICS:
        topics.create(office, "acme", "bulk", name, title=name)
    return made


@pytest.fixture
def unsubscribing(office, store):
    return Unsubscribing(office, store.spool, store.history)


@pytest.fixture
def reader(office, store, unsubscribing):
    def read(address):
        return list_unsubscribe.read(lambda data, tag: office.keyring.verify(MAIL_PURPOSE, data, tag), address, DOMAIN)

    return UnsubscribeMail(unsubscribing, store.mint, read)


async def sent(store, tenant, topic="news"):
    """A message to two people that the log knows of; return its content and deliveries."""
    made = submission(ANN, JOE, tenant=tenant, stream="bulk", campaign="spring")
    changes = {"tenant": tenant, "stream": "bulk", "campaign": "spring", "topic": topic}
    events = tuple(pack(msgspec.structs.replace(unpack(event), **changes)) for event in made.events)
    await store.spool.accept(msgspec.structs.replace(made, events=events))
    return msgspec.structs.replace(made.content, topic=topic), made.deliveries


def choice(office, tenant, message, wanted, offered=TOPICS, first=9000):
    person = person_of(office.keyring, tenant, ANN)
    numbers = tuple(range(first, first + len(offered) + 1))
    return Choice(numbers, START + 60, tenant, "bulk", message, 1, person, offered, wanted)


async def told(store, *kinds):
    await store.spool.flush()
    found = [event for _, event in await store.history.after(0)]
    return [(event.kind, event.topic, event.recipient) for event in found if event.kind in kinds]


def gets(directory, tenant, address=ANN):
    """The topics of which an address gets mail; "" is mail of none."""
    directory.reload()
    return {topic for topic in ("", *TOPICS) if not directory.suppressed(tenant, "bulk", address, topic)}


async def test_a_choice_stops_what_was_not_chosen_and_tells_what_changed(
    office, directory, store, unsubscribing, tenant
):
    content, _ = await sent(store, tenant)
    act = choice(office, tenant, content.id, ("news",))
    for _ in range(2):  # told again after a crash
        await unsubscribing.choose(act)
    assert gets(directory, tenant) == {"", "news"}
    assert gets(directory, tenant, JOE) == {"", *TOPICS}
    assert await told(store, "unsubscribed", "subscribed") == [
        ("unsubscribed", "events", ANN), ("unsubscribed", "offers", ANN),
    ]  # fmt: skip
    assert await unsubscribing.wanted(tenant, "bulk", content.id, 1, act.person) == {"news"}
    await unsubscribing.choose(choice(office, tenant, content.id, ("news", "offers"), first=9100))
    assert gets(directory, tenant) == {"", "news", "offers"}
    assert (await told(store, "subscribed")) == [("subscribed", "offers", ANN)]


async def test_nothing_leaves_the_stream_and_one_topic_brings_it_back(office, directory, store, unsubscribing, tenant):
    content, _ = await sent(store, tenant)
    await unsubscribing.choose(choice(office, tenant, content.id, ()))
    assert gets(directory, tenant) == set()
    assert await told(store, "unsubscribed") == [("unsubscribed", "", ANN)]
    person = person_of(office.keyring, tenant, ANN)
    assert await unsubscribing.wanted(tenant, "bulk", content.id, 1, person) == frozenset()
    await unsubscribing.choose(choice(office, tenant, content.id, ("offers",), first=9100))
    assert gets(directory, tenant) == {"", "offers"}
    assert await told(store, "subscribed") == [("subscribed", "", ANN)]


async def test_nobody_rejoins_against_a_bounce_or_a_complaint(office, directory, store, unsubscribing, tenant):
    content, _ = await sent(store, tenant)
    suppressions.add(office, tenant, ANN, stream="bulk", reason="complained")
    await unsubscribing.choose(choice(office, tenant, content.id, TOPICS))
    assert gets(directory, tenant) == set()
    await unsubscribing.apply(
        Unsubscription(1, START, tenant, "bulk", content.id, 1, person_of(office.keyring, tenant, ANN))
    )
    directory.reload()
    assert directory.suppressed(tenant, "bulk", ANN) == "complained"


async def test_a_crash_between_log_and_list_repeats_both(
    office, directory, store, unsubscribing, tenant, monkeypatch
):  # fmt: skip
    content, _ = await sent(store, tenant)
    act = choice(office, tenant, content.id, ("news",))

    def broken(*_):
        raise StoreUnavailable("gone", place="control.db")

    monkeypatch.setattr(topics, "leave", broken)
    with pytest.raises(StoreUnavailable):
        await unsubscribing.choose(act)
    monkeypatch.undo()
    await unsubscribing.choose(act)
    assert gets(directory, tenant) == {"", "news"}
    assert len(await told(store, "unsubscribed")) == 2


async def test_who_is_forgotten_chooses_by_the_hash(office, directory, store, unsubscribing, tenant):
    await unsubscribing.choose(choice(office, tenant, 99, ("news",)))
    assert gets(directory, tenant) == {"", "news"}
    assert await told(store, "unsubscribed") == [("unsubscribed", "events", ""), ("unsubscribed", "offers", "")]


def came(address, body=b"From: x@elsewhere.test\r\nSubject: unsubscribe\r\n\r\n", sender=ANN):
    return Returned(id=5, at=START + 60, sender=sender, to=(address,), source="192.0.2.1", body=body)


async def test_a_mail_leaves_the_topic_of_its_message(office, directory, store, reader, tenant):
    content, rows = await sent(store, tenant, topic="offers")
    address = Writer(office.keyring, "https://t.example").mailbox(content, rows[1], DOMAIN)
    taken = await reader.take(came(address.upper()))  # from anybody: what counts is the address it came to
    assert taken.what == "unsubscribe"
    (event,) = taken.events
    assert (event.kind, event.recipient, event.message, event.number) == ("unsubscribed", JOE, content.id, 2)
    assert (event.stream, event.topic, event.campaign, event.source) == ("bulk", "offers", "spring", "mailto")
    assert gets(directory, tenant, JOE) == {"", "news", "events"}
    assert gets(directory, tenant, ANN) == {"", *TOPICS}


async def test_a_mail_years_later_leaves_all_of_the_tenant(office, directory, store, reader, tenant):
    made = submission(ANN, tenant=tenant, stream="bulk")  # the log does not know of it
    address = Writer(office.keyring, "https://t.example").mailbox(made.content, made.deliveries[0], DOMAIN)
    (event,) = (await reader.take(came(address))).events
    assert (event.kind, event.recipient, event.tenant) == ("unsubscribed", "", tenant)
    assert gets(directory, tenant) == set()
    directory.reload()
    assert directory.suppressed(tenant, "transactional", ANN)


@pytest.mark.parametrize(
    ("body", "sender"),
    [
        (b"From: a@b.test\r\nAuto-Submitted: auto-replied\r\n\r\nI am away\r\n", ANN),
        (b"From: a@b.test\r\nSubject: failure\r\n\r\n", ""),
    ],
)
async def test_what_answers_by_itself_unsubscribes_nobody(office, directory, store, reader, tenant, body, sender):
    content, rows = await sent(store, tenant)
    address = Writer(office.keyring, "https://t.example").mailbox(content, rows[0], DOMAIN)
    taken = await reader.take(came(address, body, sender))
    assert (taken.what, taken.events) == ("unsubscribe_automatic", ())
    assert gets(directory, tenant) == {"", *TOPICS}


async def test_a_forged_address_is_nobodys(office, directory, store, reader, tenant):
    content, rows = await sent(store, tenant)
    address = Writer(office.keyring, "https://t.example").mailbox(content, rows[0], DOMAIN)
    place = 40
    other = "a" if address[place] != "a" else "b"
    assert await reader.take(came(address[:place] + other + address[place + 1 :])) is None
    assert await reader.take(came(f"postmaster@{DOMAIN}")) is None
    assert gets(directory, tenant) == {"", *TOPICS}


async def test_a_mail_about_a_tenant_that_is_gone_is_of_no_use(office, store, reader, tenant):
    content, rows = await sent(store, tenant)
    gone = msgspec.structs.replace(content, tenant=ids.show(4711))
    taken = await reader.take(came(Writer(office.keyring, "https://t.example").mailbox(gone, rows[0], DOMAIN)))
    assert (taken.what, taken.events) == ("unsubscribe_of_nobody", ())
