"""The message that a link to view it leads to."""

from __future__ import annotations

import msgspec
from tests.contract.kit import submission

from estafette.model.letter import Mailbox, Person
from estafette.model.recipe import Draft, Recipe, pack
from estafette.relay import viewing
from estafette.tracking.token import Target


def view(sent, number=1, tenant="t1"):
    return Target("view", tenant, "main", sent.content.id, number, b"p" * 12)


async def test_it_is_the_message_as_it_is_kept(store):
    sent = submission(kind="bulk", body=b"Subject: x\r\n\r\nhello\r\n")
    await store.spool.accept(sent)
    assert await viewing.letter(store.spool, view(sent)) == b"Subject: x\r\n\r\nhello\r\n"


async def test_a_recipe_is_written_for_its_recipient(store):
    people = tuple(Person(Mailbox(f"{name}@example.com"), {"name": name}) for name in ("ann", "joe"))
    recipe = Recipe(
        b"X-A: 1\r\n", Draft(sender=Mailbox("a@sender.test"), html="<p>Hi {{ name }}", seed="s"), {}, people
    )
    sent = submission("ann@example.com", "joe@example.com", kind="bulk", body=pack(recipe), late=True)
    await store.spool.accept(sent)
    assert b"Hi joe" in await viewing.letter(store.spool, view(sent, 2))


async def test_a_large_one_is_read_from_its_file(store, monkeypatch):
    sent = submission(kind="bulk")
    writer = await store.spool.content_writer(sent.content.id)
    writer.write(b"Subject: x\r\n\r\nlarge")
    await writer.close()
    content = msgspec.structs.replace(sent.content, body=b"", file=writer.name)
    await store.spool.accept(msgspec.structs.replace(sent, content=content))
    assert await viewing.letter(store.spool, view(sent)) == b"Subject: x\r\n\r\nlarge"
    monkeypatch.setattr(viewing, "LARGEST", 3)
    assert await viewing.letter(store.spool, view(sent)) is None


async def test_letters_of_people_other_tenants_and_the_past_are_not_shown(store):
    private, public = submission(kind="personal"), submission(kind="transactional")
    await store.spool.accept(private)
    await store.spool.accept(public)
    assert await viewing.letter(store.spool, view(private)) is None
    assert await viewing.letter(store.spool, view(public, tenant="t2")) is None
    assert await viewing.letter(store.spool, view(submission())) is None
    assert await viewing.letter(store.spool, view(public)) is not None
