"""Unsubscribing: asked by a page, acted on by a button or by a mail program (RFC 8058), never by a scanner."""

from __future__ import annotations

import re

import pytest
from tests.unit.web.public.conftest import FIREFOX, NOW

from estafette.base.errors import StoreUnavailable
from estafette.events.acts import Choice, Unsubscription, Withdrawal
from estafette.tenancy import tenants, topics

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BOUNDARY = "---FormBoundaryjWmhtjORrn"
#: The two requests of RFC 8058 section 8.1 and 8.2, as they stand there.
URLENCODED = (FORM, b"List-Unsubscribe=One-Click")
MULTIPART = (
    {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--{BOUNDARY}--\r\n'.encode(),
)


@pytest.mark.parametrize(("headers", "body"), [URLENCODED, MULTIPART], ids=["urlencoded", "multipart"])
async def test_a_one_click_post_acts_at_once_and_is_answered_as_rfc_8058_says(listener, headers, body):
    path = listener.path("unsubscribe", topic="news")
    answer = await listener("POST", path, headers=headers, body=body)
    assert answer.status == 200  # section 3.2: no redirect (3.1: nor context, so no cookie, is asked for or given)
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    (act,) = await listener.acts()
    assert act == Unsubscription(act.id, NOW, listener.tenant, "bulk", 77, 2, b"p" * 12, "news", "one_click")


async def test_the_page_asks_in_words_and_its_button_acts(listener):
    path = listener.path("unsubscribe")
    for language, title in (("en", "Unsubscribe"), ("fr-CA,fr;q=0.8,en;q=0.5", "Se désabonner")):
        answer = await listener("GET", path, headers=FIREFOX | {"Accept-Language": language})
        page = answer.body.decode()
        assert answer.status == 200
        assert f"<h1>{title}</h1>" in page
        assert "acme" in page
    assert '<form method="post"' in page
    assert "script" not in page
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert await listener.acts() == []
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', page)[:1]
    body = "&".join(f"{name}={value}" for name, value in fields).encode()
    answer = await listener("POST", path, headers=FORM | {"Accept-Language": "fr"}, body=body)
    assert (answer.status, "Vous êtes désabonné" in answer.body.decode()) == (200, True)
    (act,) = await listener.acts()
    assert act.means == "click"


async def test_who_sends_is_named_as_recipients_know_them(listener):
    tenants.update(listener.office, "acme", identity="Jumpers of Acme Ltd")
    listener.refresh()
    page = (await listener("GET", listener.path("unsubscribe"), headers=FIREFOX)).body.decode()
    assert "Jumpers of Acme Ltd" in page


async def test_the_other_button_ends_measuring_and_leaves_the_subscription(listener):
    path = listener.path("unsubscribe")
    page = (await listener("GET", path, headers=FIREFOX)).body.decode()
    assert "Do not measure me" in page
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', page)[1:]
    body = "&".join(f"{name}={value}" for name, value in fields).encode()
    answer = await listener("POST", path, headers=FORM, body=body)
    assert (answer.status, "measured no more" in answer.body.decode()) == (200, True)
    assert await listener.acts() == [Withdrawal(NOW, listener.tenant, b"p" * 12)]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])
async def test_nothing_but_a_post_unsubscribes(listener, method):
    path = listener.path("unsubscribe")
    answer = await listener(method, f"{path}?List-Unsubscribe=One-Click&confirm=yes", headers=FORM, body=URLENCODED[1])
    assert answer.status == (200 if method in {"GET", "HEAD"} else 405)
    assert await listener.acts() == []


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (FORM, b""),
        (FORM, b"List-Unsubscribe=No"),
        (FORM, b"confirm=maybe"),
        ({}, b"\xff\xfe"),
        ({"Content-Type": "multipart/form-data"}, b"no boundary"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\nList-Unsubscribe=One-Click\r\n--x--"),
        ({"Content-Type": "application/json"}, b'{"List-Unsubscribe": "One-Click"}'),
    ],
)
async def test_a_post_that_says_something_else_gets_the_question(listener, headers, body):
    answer = await listener("POST", listener.path("unsubscribe"), headers=headers, body=body)
    assert (answer.status, b"<form" in answer.body) == (400, True)
    assert await listener.acts() == []


async def test_a_body_in_pieces_counts_and_one_without_end_does_not(listener):
    path = listener.path("unsubscribe")
    assert (await listener("POST", path, headers=FORM, pieces=[b"List-Uns", b"ubscribe=", b"One-Click"])).status == 200
    assert (await listener("POST", path, headers=FORM, pieces=[b"x" * 6_000] * 3)).status == 413
    assert len(await listener.acts()) == 1


async def test_it_may_be_asked_twice(listener):
    path = listener.path("unsubscribe")
    for _ in range(2):
        assert (await listener("POST", path, headers=FORM, body=URLENCODED[1])).status == 200


async def test_a_disk_that_takes_nothing_is_no_yes(listener, monkeypatch):
    async def full(_act):
        raise StoreUnavailable("full", place="acts")

    monkeypatch.setattr(listener.buffer, "synced", full)
    answer = await listener("POST", listener.path("unsubscribe"), headers=FORM, body=URLENCODED[1])
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")


async def test_one_may_leave_a_tenant_that_is_suspended_and_without_a_database(listener):
    path = listener.path("unsubscribe")
    tenants.suspend(listener.office, "acme", "phishing")
    listener.refresh()
    assert (await listener("POST", path, headers=FORM, body=URLENCODED[1])).status == 200
    listener.standing.directory = None
    assert "this sender" in (await listener("GET", path)).body.decode()
    assert (await listener("POST", path, headers=FORM, body=URLENCODED[1])).status == 200
    assert len(await listener.acts()) == 2


async def test_a_token_of_nobody_in_particular_unsubscribes_nobody(listener):
    path = listener.shared("unsubscribe")
    assert (await listener("GET", path)).status == 404
    assert (await listener("POST", path, headers=FORM, body=URLENCODED[1])).status == 404


@pytest.fixture
def divided(listener):
    """A listener whose bulk stream has three topics, of which the reader has left the last."""
    for name, title, french in (
        ("offers", "Weekly offers", "Offres"),
        ("news", "News & views", ""),
        ("events", "E", ""),
    ):
        topics.create(listener.office, "acme", "bulk", name, title=title, french=french)
    listener.refresh()
    listener.had = {"offers", "news"}
    return listener


def boxes(page):
    """The topics of a page: name, ticked, title."""
    found = re.findall(r'name="topic" value="(\w+)"( checked)?> <span>([^<]*)</span>', page)
    return [(name, bool(ticked), title) for name, ticked, title in found]


def buttons(page):
    return re.findall(r'<button[^>]* name="confirm" value="(\w+)">', page)


async def test_the_page_shows_the_topics_as_the_reader_has_them(divided):
    page = (await divided("GET", divided.path("unsubscribe"), headers=FIREFOX)).body.decode()
    assert "<h1>What acme sends you</h1>" in page
    assert boxes(page) == [
        ("events", False, "E"),
        ("news", True, "News &amp; views"),
        ("offers", True, "Weekly offers"),
    ]
    assert buttons(page) == ["choose", "all", "nothing", "unmeasured"]
    assert "script" not in page
    page = (await divided("GET", divided.path("unsubscribe"), headers={"Accept-Language": "fr"})).body.decode()
    assert '<html lang="fr">' in page
    assert "Ce que acme vous envoie" in page
    assert boxes(page)[2] == ("offers", True, "Offres")
    assert await divided.acts() == []


async def test_a_message_of_a_topic_offers_to_end_that_first(divided):
    path = divided.path("unsubscribe", topic="offers")
    page = (await divided("GET", path, headers=FIREFOX)).body.decode()
    assert buttons(page) == ["yes", "choose", "all", "nothing", "unmeasured"]
    assert "No more “Weekly offers”" in page
    answer = await divided("POST", path, headers=FORM, body=b"confirm=yes")
    assert (answer.status, "You have left this topic" in answer.body.decode()) == (200, True)
    (act,) = await divided.acts()
    assert (act.topic, act.means) == ("offers", "click")
    divided.had = {"news"}
    assert buttons((await divided("GET", path)).body.decode())[0] == "choose"


async def test_a_choice_is_kept_as_it_was_made(divided):
    path = divided.path("unsubscribe", topic="offers")
    body = (
        b"offered=events&topic=events&offered=news&offered=offers&topic=offers&topic=other&offered=other&confirm=choose"
    )
    answer = await divided("POST", path, headers=FORM, body=body)
    page = answer.body.decode()
    assert (answer.status, "Your choice is saved" in page) == (200, True)
    assert [(name, ticked) for name, ticked, _ in boxes(page)] == [("events", True), ("news", False), ("offers", True)]
    (act,) = await divided.acts()
    assert act == Choice(
        act.ids, NOW, divided.tenant, "bulk", 77, 2, b"p" * 12, ("events", "news", "offers"), ("events", "offers")
    )
    assert len(set(act.ids)) == 4


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"confirm=all", (("events", "news", "offers"), ("events", "news", "offers"))),
        (b"confirm=choose&offered=news", (("news",), ())),
    ],
)
async def test_all_and_none_are_choices(divided, body, expected):
    answer = await divided("POST", divided.path("unsubscribe"), headers=FORM, body=body)
    (act,) = await divided.acts()
    assert (act.offered, act.wanted) == expected
    assert ("You are unsubscribed" in answer.body.decode()) is (expected[1] == ())


async def test_nothing_at_all_leaves_the_stream_whatever_the_topic(divided):
    answer = await divided("POST", divided.path("unsubscribe", topic="offers"), headers=FORM, body=b"confirm=nothing")
    assert (answer.status, "You are unsubscribed" in answer.body.decode()) == (200, True)
    (act,) = await divided.acts()
    assert (act.topic, act.means) == ("", "click")


@pytest.mark.parametrize("body", [b"confirm=choose", b"confirm=choose&offered=unheard", b"&".join([b"topic=x"] * 300)])
async def test_a_choice_among_nothing_gets_the_question(divided, body):
    answer = await divided("POST", divided.path("unsubscribe"), headers=FORM, body=body)
    assert (answer.status, len(boxes(answer.body.decode()))) == (400, 3)
    assert await divided.acts() == []


async def test_one_click_ends_the_topic_of_the_message(divided):
    path = divided.path("unsubscribe", topic="news")
    answer = await divided("POST", path, headers=FORM, body=URLENCODED[1])
    assert (answer.status, answer.body) == (200, b"unsubscribed\n")
    (act,) = await divided.acts()
    assert (act.topic, act.means) == ("news", "one_click")


async def test_while_nobody_knows_what_one_has_one_may_leave(divided):
    divided.had = None
    answer = await divided("GET", divided.path("unsubscribe"))
    assert (answer.status, boxes(answer.body.decode())) == (200, [])
    assert 'name="confirm" value="yes"' in answer.body.decode()
