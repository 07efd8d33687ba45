"""Webhooks over HTTP: their life, their log, and what is refused."""

import asyncio
import json

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_management import ask  # noqa: F401  # the fixture

from estafette.model.webhook import Call
from estafette.store.interface.webhooks import Settlement

PATH = "/v1/tenants/acme/webhooks"
HOOK = {"url": "https://ann:secret@shop.example/hooks?t=1", "events": ["bounced"], "name": "Shop"}


@pytest.fixture
async def hook(ask):  # noqa: F811
    made = await ask("POST", PATH, HOOK)
    assert made.status == 201, made.body
    return made.json()


async def test_a_webhook_lives_and_ends(ask, hook):  # noqa: F811
    one = f"{PATH}/{hook['id']}"
    shown = await ask("GET", one)
    assert hook["secret"].startswith("whsec_")
    assert "secret" not in shown.json()
    assert (shown.json()["url"], shown.json()["authorization"]) == ("https://shop.example/hooks?t=1", True)
    assert (await ask("PATCH", one, {"name": "x"})).status == 428
    changed = await ask("PATCH", one, {"events": [], "concurrency": 9}, **{"If-Match": shown.headers["etag"]})
    assert (changed.json()["events"], changed.json()["concurrency"], changed.json()["name"]) == ([], 9, "Shop")
    assert (await ask("PATCH", one, {"name": "x"}, **{"If-Match": shown.headers["etag"]})).status == 412
    rotated = (await ask("POST", f"{one}/rotate", {"keep": 60})).json()
    assert rotated["secret"] != hook["secret"]
    assert rotated["old_secret_until"]
    assert [each["id"] for each in (await ask("GET", PATH)).json()["items"]] == [hook["id"]]
    assert (await ask("DELETE", one)).json()["removed"] is True
    assert (await ask("GET", one)).status == 404


async def test_calls_are_listed_shown_and_made_again(world, ask, hook):  # noqa: F811
    one = f"{PATH}/{hook['id']}"
    ping = (await ask("POST", f"{one}/ping")).json()
    assert (ping["kind"], ping["state"], json.loads(ping["body"])["type"]) == ("ping", "pending", "ping")
    done = Call(
        webhook=hook["id"], id="evt_X", place=1, message=1, kind="bounced", body=b"{}", state="failed", created=1.0,
        ended=2.0, tried=1, tries=({"at": 1.0, "status": 500, "ms": 3, "why": "answered 500", "reply": "\N{SNOWMAN}"},),
    )  # fmt: skip
    await asyncio.to_thread(world.services.control.webhooks.settle, Settlement(now=1.0, calls=[done]))
    listed = (await ask("GET", f"{one}/calls?limit=1")).json()
    assert listed["items"][0]["id"] == ping["id"]
    assert (await ask("GET", f"{one}/calls?after={listed['next']}")).json()["items"][0]["why"] == "answered 500"
    assert [each["id"] for each in (await ask("GET", f"{one}/calls?state=failed")).json()["items"]] == ["evt_X"]
    shown = (await ask("GET", f"{one}/calls/evt_X")).json()
    assert (shown["body"], shown["tries"][0]["reply"]) == ("{}", "\N{SNOWMAN}")
    again = await ask("POST", f"{one}/calls/evt_X/retry")
    assert (again.status, again.json()["state"], again.json()["attempts"]) == (202, "pending", 1)
    assert (await ask("GET", f"{one}/calls/evt_Y")).status == 404


async def test_a_part_of_the_past_is_asked_for(world, ask, hook):  # noqa: F811
    one = f"{PATH}/{hook['id']}/replay"
    made = await ask("POST", one, {"since": "2027-01-01T00:00:00Z", "until": "2027-01-02T00:00:00+01:00"})
    assert (made.status, made.json()["until"]) == (202, "2027-01-01T23:00:00Z")
    assert [each.webhook for each in world.services.control.webhooks.readers()] == [hook["id"]]
    for text in ("yesterday", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"):
        assert (await ask("POST", one, {"since": text})).status == 422
        assert (await ask("POST", one, {"since": "2027-01-01T00:00:00Z", "until": text})).status == 422
    assert (await ask("POST", one, {"since": "2027-01-02T00:00:00Z", "until": "2027-01-01T00:00:00Z"})).status == 422


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"url": "http://shop.example/"}, "bad_url", "url"),
        ({"url": "https://169.254.169.254/"}, "bad_url", "url"),
        ({"url": ""}, "invalid_request", "url"),
        ({"url": "https://["}, "bad_url", "url"),
        ({"url": "https://a@[:b@/"}, "bad_url", "url"),
        ({"url": "https://shop.example\0/"}, "bad_url", "url"),
        ({"authorization": "\ud800"}, "invalid_request", "authorization"),
        ({"authorization": "a\nb"}, "invalid", "authorization"),
        ({"name": "a\0b"}, "invalid", "name"),
        ({"events": ["exploded"]}, "invalid", "events"),
        ({"streams": ["nowhere"]}, "invalid", "streams"),
        ({"concurrency": 99}, "invalid_request", "concurrency"),
        ({"format": "xml"}, "invalid_request", "format"),
        ({"secret": "mine"}, "invalid_request", "secret"),
    ],
)
async def test_what_makes_no_sense_is_named(ask, change, code, field):  # noqa: F811
    answer = await ask("POST", PATH, HOOK | change)
    assert (answer.status, answer.json()["code"], answer.json()["field"]) == (422, code, field)


async def test_an_application_that_sends_sees_no_webhooks(world, hook):
    headers = {"Authorization": f"Bearer {world.keys['acme']['api_key']}"}
    assert (await call(world.app, "GET", "/v1/webhooks", headers=headers)).status == 403
