"""Postmark's view of what was sent, seen by its own account only."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.event import Event, Reply, pack
from estafette.web.dialects.numbers import message_of
from estafette.web.dialects.postmark.content import content


@pytest.fixture
def ask(world, call):
    """Call a path as an account; returns status and answer."""

    async def ask(method, path, body=None, account="acme"):
        headers = {"X-Postmark-Server-Token": world.keys[account]["api_key"]}
        answer = await call(method, f"/postmark{path}", body, account="", headers=headers)
        return answer.status, answer.json()

    return ask


async def sent(ask, account="acme", **fields):
    file = {"Name": "a.csv", "Content": "YSxi", "ContentType": "text/csv"}
    given = {"From": "ann@acme.example", "To": "bob@y.example, eve@y.example", "Subject": "Dé", "Tag": "welcome",
             "TextBody": "Hello ü", "HtmlBody": "<p>Hello ü</p>", "Attachments": [file]}  # fmt: skip
    return (await ask("POST", "/email", given | fields, account))[1]["MessageID"]


async def test_a_message_is_shown_with_its_texts_to_its_account_only(ask):
    name = await sent(ask, Metadata={"order": "17"})
    status, told = await ask("GET", f"/messages/outbound/{name}/details")
    assert (status, told["MessageID"], told["Status"], told["MessageStream"]) == (200, name, "Queued", "outbound")
    assert (told["Tag"], told["Metadata"], told["Subject"]) == ("welcome", {"order": "17"}, "Dé")
    assert (told["TextBody"].strip(), told["HtmlBody"].strip()) == ("Hello ü", "<p>Hello ü</p>")
    assert (told["Attachments"], told["MessageEvents"]) == (["a.csv"], [])
    assert (await ask("GET", f"/messages/outbound/{name}/dump"))[1]["Body"] == told["Body"]
    assert told["Body"].endswith("\r\n")
    for noun in ("details", "dump"):
        status, told = await ask("GET", f"/messages/outbound/{name}/{noun}", account="rival")
        assert (status, told["ErrorCode"]) == (422, 701)


async def test_a_persons_mail_is_its_senders_alone(ask, personal, feed):
    name = await sent(ask, personal)
    await feed()
    places = [f"/messages/outbound/{name}/{noun}" for noun in ("details", "dump")]
    assert [(await ask("GET", place, account=personal))[0] for place in places] == [200, 200]
    assert [(await ask("GET", place))[0] for place in places] == [422, 422]
    assert (await ask("GET", "/messages/outbound?count=5&offset=0", account=personal))[1]["TotalCount"] == 1
    assert (await ask("GET", "/messages/outbound?count=5&offset=0"))[1] == {"TotalCount": 0, "Messages": []}


async def test_no_message_has_another_name(ask):
    for name in ("nothing", "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"):
        status, told = await ask("GET", f"/messages/outbound/{name}/details")
        assert (status, told["ErrorCode"]) == (422, 701)


async def test_what_is_searched_for_has_limits(ask):
    for query, part in (
        ("count=501&offset=0", "count"), ("count=1", "offset"), ("count=x&offset=0", "count"),
        ("count=1&offset=0&recipient=bob@y.example", "recipient"),
    ):  # fmt: skip
        status, told = await ask("GET", f"/messages/outbound?{query}")
        assert (status, told["ErrorCode"]) in {(422, 700), (422, 403)}
        assert part in told["Message"]


@given(st.binary() | st.binary().map(lambda octets: b"Content-Type: " + octets + b"\r\n\r\n" + octets))
def test_whatever_is_kept_can_be_shown(octets):
    told = content(octets)
    assert all(isinstance(told[name], str) for name in ("TextBody", "HtmlBody", "Body"))


def events_of(name, *kinds, tag="welcome"):
    """Return what happened to the first recipient of a message after it was queued."""
    number = message_of(name)
    return [
        Event(id=number + 3 + place, at=2.0 + place, kind=kind, number=1, recipient="bob@y.example", tenant="",
              stream="transactional", message=number, tags=(tag,), reply=Reply(250, "2.0.0", "fine"),
              site="mx.y.example")
        for place, kind in enumerate(kinds)
    ]  # fmt: skip


async def test_the_log_is_told_in_postmarks_words(world, ask, feed):
    tenant = world.services.directory.by_api_key(world.keys["acme"]["api_key"]).tenant
    kinds = ("deferred", "delivered", "opened", "clicked", "unsubscribed", "complained")
    names = [await sent(ask), await sent(ask, Tag="other")]
    await feed()
    logs = [events_of(names[0], *kinds), events_of(names[1], "bounced", tag="other")]
    flat = [msgspec.structs.replace(event, tenant=tenant) for log in logs for event in log]
    await world.store.history.append([(1000 + place, pack(event)) for place, event in enumerate(flat)])
    _, told = await ask("GET", f"/messages/outbound/{names[0]}/details")
    types = ["Transient", "Delivered", "Opened", "LinkClicked", "SubscriptionChanged"]
    assert (told["Status"], [each["Type"] for each in told["MessageEvents"]]) == ("Sent", types)
    delivered = {"DeliveryMessage": "fine", "DestinationServer": "mx.y.example", "DestinationIP": ""}
    assert told["MessageEvents"][1]["Details"] == delivered
    for query, found in (("", names[::-1]), ("&tag=welcome", names[:1]), ("&messagestream=outbound", names[::-1]),
                         ("&messagestream=broadcast", [])):  # fmt: skip
        _, told = await ask("GET", f"/messages/outbound?count=5&offset=0{query}")
        assert (told["TotalCount"], [each["MessageID"] for each in told["Messages"]]) == (len(found), found)
    _, told = await ask("GET", "/messages/outbound?count=1&offset=1")
    assert (told["TotalCount"], told["Messages"][0]["Recipients"]) == (2, ["bob@y.example", "eve@y.example"])
    assert (await ask("GET", "/messages/outbound?count=5&offset=0", account="rival"))[1]["TotalCount"] == 0
