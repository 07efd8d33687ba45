"""The message that a link to view it leads to."""

from __future__ import annotations

import msgspec
import pytest
from tests.contract.kit import submission

from estafette.base.seal import Keyring
from estafette.config.schema import Service
from estafette.model.letter import Mailbox, Person
from estafette.model.recipe import Draft, Recipe, pack
from estafette.relay import viewing
from estafette.relay.viewing import Captured, Viewing
from estafette.tracking import token
from estafette.tracking.token import Target


def view(sent, number=1, tenant="t1"):
    return Target("view", tenant, "main", sent.content.id, number, b"p" * 12)


@pytest.fixture
def reading(store, tmp_path):
    return Viewing(store.spool, Keyring.create(tmp_path / "keyring"), "https://t.test")


async def test_it_is_the_message_as_it_is_kept(store, reading):
    sent = submission(kind="bulk", body=b"Subject: x\r\n\r\nhello\r\n")
    await store.spool.accept(sent)
    assert await reading.letter(view(sent)) == b"Subject: x\r\n\r\nhello\r\n"


async def test_a_recipe_is_written_for_its_recipient(store, reading):
    people = tuple(Person(Mailbox(f"{name}@example.com"), {"name": name}) for name in ("ann", "joe"))
    recipe = Recipe(
        b"X-A: 1\r\n", Draft(sender=Mailbox("a@sender.test"), html="<p>Hi {{ name }}", seed="s"), {}, people
    )
    sent = submission("ann@example.com", "joe@example.com", kind="bulk", body=pack(recipe), late=True)
    await store.spool.accept(sent)
    assert b"Hi joe" in await reading.letter(view(sent, 2))


async def test_a_large_one_is_read_from_its_file(store, reading, monkeypatch):
    sent = submission(kind="bulk")
    writer = await store.spool.content_writer(sent.content.id)
    writer.write(b"Subject: x\r\n\r\nlarge")
    await writer.close()
    content = msgspec.structs.replace(sent.content, body=b"", file=writer.name)
    await store.spool.accept(msgspec.structs.replace(sent, content=content))
    assert await reading.letter(view(sent)) == b"Subject: x\r\n\r\nlarge"
    monkeypatch.setattr(viewing, "LARGEST", 3)
    assert await reading.letter(view(sent)) is None


async def test_letters_of_people_other_tenants_and_the_past_are_not_shown(store, reading):
    private, public = submission(kind="personal"), submission(kind="transactional")
    await store.spool.accept(private)
    await store.spool.accept(public)
    assert await reading.letter(view(private)) is None
    assert await reading.letter(view(public, tenant="t2")) is None
    assert await reading.letter(view(submission())) is None
    assert await reading.letter(view(public)) is not None


async def test_the_readers_own_pages_are_the_readers_and_links_are_not_measured(store, reading):
    html = b'<a href="https://shop.test/">shop</a> <a href="estafette:unsubscribe">out</a>'
    sent = submission(
        kind="bulk", body=b"Content-Type: text/html\r\n\r\n" + html, campaign="spring", tracking="aggregate"
    )
    await store.spool.accept(sent)
    page = (await reading.letter(view(sent))).decode()
    assert 'href="https://shop.test/"' in page
    written = page.partition("https://t.test/u/")[2].partition('"')[0]
    assert token.read(reading._keyring, written) == Target("unsubscribe", "t1", "main", sent.content.id, 1, b"p" * 12)
    assert "/c/" not in page
    assert "/o/" not in page


async def test_what_was_captured_is_what_the_recipient_would_have_got(store, tmp_path):
    keyring = Keyring.create(tmp_path / "keyring")
    service = Service(hostname="mx.test", return_path="b.test", public_url="http://127.0.0.1:8026")
    html = b'<a href="https://shop.test/">shop</a> <a href="estafette:unsubscribe">out</a>'
    body = b"From: a@sender.test\r\nContent-Type: text/html\r\n\r\n" + html
    sent = submission(kind="bulk", body=body, campaign="spring", tracking="individual")
    written = (await Captured(store.spool, keyring, service).letter(sent.content, 1, "ann@example.com")).decode()
    links = [part.partition('"')[0] for part in written.split("http://127.0.0.1:8026/")[1:]]
    clicked = next(token.read(keyring, link[2:]) for link in links if link.startswith("c/"))
    assert (clicked.url, clicked.number) == ("https://shop.test/", 1)
    assert clicked.person == token.person_of(keyring, sent.content.tenant, "ann@example.com")
    assert "List-Unsubscribe: <http://127.0.0.1:8026/u/" in written
