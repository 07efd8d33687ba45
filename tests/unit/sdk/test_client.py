"""What both clients do with the real service: the calls, their values, their errors."""

import asyncio
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from tests.unit.web.world import NOON

from estafette.base import ids
from estafette.sdk import (
    Address,
    Attachment,
    Conflict,
    Forbidden,
    Invalid,
    Message,
    NotFound,
    Person,
    Unauthenticated,
)
from estafette.tenancy import keys
from estafette.tenancy.permissions import Actor

SOON = datetime.fromtimestamp(NOON, UTC) + timedelta(hours=2)


def message(**fields):
    given = {"from_": "Ann <ann@acme.example>", "to": "bob@y.example", "subject": "Hé", "text": "hi"}
    return Message(**given | fields)


async def log(world):
    """Feed the log from the outbox, as the service does."""
    for position, blob in await world.store.spool.outbox(0):
        await world.store.history.append([(position, blob)])


async def test_everything_that_a_message_may_have_arrives(world, both, tmp_path):
    (tmp_path / "bill.pdf").write_bytes(b"%PDF bill")
    sent = await both.ask(
        "emails.send",
        message(
            to=[Address("bob@y.example", "Bób, the one"), "eve@y.example"], cc="c@z.example", reply_to="help@acme.example",
            html='<img src="cid:logo">', headers={"X-Order": "7"}, tags=["receipt"], metadata={"order": "7"}, campaign="spring",
            attachments=[Attachment.of_file(tmp_path / "bill.pdf"), Attachment(filename="l.png", content=b"\x89P", cid="logo")],
            expires_in=600, track_opens=False,
        ),
    )  # fmt: skip
    assert (sent.status, [each.status for each in sent.recipients]) == ("queued", ["accepted"] * 3)
    assert sent.recipients[0].id == f"{sent.id}.1"
    number = ids.read(sent.id)
    content = (await world.store.spool.contents([number]))[number]
    assert (content.tags, content.metadata, content.campaign) == (("receipt",), {"order": "7"}, "spring")
    for part in (b'filename="bill.pdf"', b"Content-ID: <logo>", b"X-Order: 7", b"Reply-To: help@acme.example"):
        assert part in content.body, part
    told = message_from_bytes(content.body, policy=policy.default)
    assert [each.display_name for each in told["To"].addresses] == ["Bób, the one", ""]


async def test_each_person_gets_what_a_template_says_to_them(acme, template):
    people = [Person("bob@y.example", {"name": "Bob"}), Person(Address("eve@y.example"), {"name": "Eve"})]
    sent = await acme.ask(
        "emails.send", message(to=(), subject="", text="", recipients=people, template=template, data={"id": 7})
    )
    second = await acme.ask("emails.content", sent.id, number=2)
    assert b"Subject: Order 7" in second
    assert b"Dear Eve" in second


async def test_a_message_that_waits_is_moved_called_back_read_and_sent_again(world, acme):
    sent = await acme.ask("emails.send", message(scheduled_at=SOON, tags=["t"]))
    assert sent.status == "scheduled"
    assert (await acme.ask("emails.reschedule", sent.id, SOON + timedelta(hours=1))).recipients == 1
    assert (await acme.ask("emails.cancel", sent.id)).recipients == 1
    again = await acme.ask("emails.resend", sent.id, ["eve@y.example"])
    assert [each.recipient for each in again.recipients] == ["eve@y.example"]
    await log(world)
    story = await acme.ask("emails.get", sent.id)
    assert (story.from_, story.subject, story.tags) == ("ann@acme.example", "Hé", ("t",))
    assert [(each.kind, each.recipient) for each in story.events] == [("queued", "bob@y.example")]


async def test_a_whole_message_is_handed_in(acme):
    sent = await acme.ask(
        "emails.send_raw", b"From: ann@acme.example\r\nSubject: raw\r\n\r\nhi\r\n", from_="ann@acme.example", to=["b@y.example"]
    )  # fmt: skip
    assert b"Subject: raw\r\n" in await acme.ask("emails.content", sent.id)


async def test_a_batch_says_what_became_of_each(acme):
    good, bad = await acme.ask("emails.send_batch", [message(), message(to="nobody")])
    assert (good.index, good.status, good.problem) == (0, "queued", None)
    assert (bad.index, bad.status, bad.problem.code, bad.problem.field) == (1, "refused", "invalid_address", "to.0")


async def test_a_batch_that_is_refused_names_the_message(acme):
    with pytest.raises(Invalid) as caught:
        await acme.ask("emails.send_batch", [message(), message(to="nobody")], all_or_nothing=True)
    error = caught.value
    assert (error.status, error.index, error.rule, error.field) == (422, 1, "invalid_address", "emails.1.to.0")
    assert error.fix


async def test_lists_go_on_from_page_to_page(world, both):
    sent = [(await both.ask("emails.send", message(subject=str(each), campaign="c"))).id for each in range(5)]
    await log(world)
    assert [each.id for each in await both.ask("emails.list", page_size=2, campaign="c")] == sent[::-1]
    events = await both.ask("events.list", page_size=2)
    assert [each.message for each in events] == [f"{each}.1" for each in sent]
    assert [each.message for each in await both.ask("events.list", events[3].cursor)] == [f"{sent[4]}.1"]
    assert await both.ask("events.list", kind="bounced") == []


async def test_following_the_log_waits_for_what_comes(world, acme):
    first = await acme.ask("emails.send", message())
    await log(world)
    following = asyncio.create_task(acme.ask("events.follow", pause=0.01, most=2))
    second = await acme.ask("emails.send", message())
    position, blob = (await world.store.spool.outbox(0))[-1]
    await world.store.history.append([(position, blob)])
    assert [each.message for each in await following] == [f"{first.id}.1", f"{second.id}.1"]


async def test_a_credential_previews_templates_and_does_not_make_them(acme, template):
    seen = await acme.ask("templates.preview", template, data={"id": 1, "name": "Bob"})
    assert (seen.number, seen.subject, seen.text.strip()) == (1, "Order 1", "Dear Bob")
    assert (await acme.ask("templates.get", template)).published == 1
    with pytest.raises(Forbidden) as caught:
        await acme.ask("templates.create", "other", subject="x", text="y")
    assert caught.value.code == "forbidden"


async def test_a_management_key_makes_and_publishes_templates(world, door):
    made = keys.create(
        world.services.office(Actor(kind="cli", id="", name="test")),
        "acme",
        name="deploy",
        scopes=["templates", "read"],
    )
    manager = await door(made["key"])
    draft = await manager.ask("templates.create", "hello", subject="Hi {{ name }}", text="x", sample={"name": "Bob"})
    assert (draft.name, draft.published, draft.latest) == ("hello", None, 1)
    assert (await manager.ask("templates.publish", "hello")).published == 1
    assert (await manager.ask("templates.preview", draft.id)).subject == "Hi Bob"


async def test_each_no_has_its_kind(acme, door):
    with pytest.raises(Forbidden) as caught:
        await acme.ask("emails.send", message(from_="x@rival.example"))
    assert (caught.value.code, caught.value.status) == ("sender_not_allowed", 403)
    with pytest.raises(NotFound):
        await acme.ask("emails.get", "0SAKJZJ2G0200")
    await acme.ask("emails.send", message(), idempotency_key="order-7")
    with pytest.raises(Conflict) as caught:
        await acme.ask("emails.send", message(subject="other"), idempotency_key="order-7")
    assert caught.value.code == "idempotency_mismatch"
    with pytest.raises(Unauthenticated):
        await (await door("wrong")).ask("emails.list")
    with pytest.raises(Invalid) as caught:
        await acme.ask("emails.list", page_size=5000)
    assert (caught.value.field, caught.value.rule) == ("limit", "less_than_equal")


async def test_what_a_caller_names_is_never_another_path(acme):
    with pytest.raises(NotFound):
        await acme.ask("emails.get", "../credentials")
    with pytest.raises(ValueError, match="empty"):
        await acme.ask("emails.cancel", "")
    with pytest.raises(ValueError, match="time zone"):
        await acme.ask("emails.send", message(scheduled_at=datetime(2027, 1, 1)))  # noqa: DTZ001 - that is the point
