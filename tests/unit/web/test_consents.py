"""``/v1/consents``, and how what it says reaches mail that is accepted."""

import base64
import json

import pytest
from tests.unit.web.asgi import call

from estafette.base import ids
from estafette.model.rule import Filter
from estafette.tenancy import operators, streams
from estafette.tenancy.streams import Habits


@pytest.fixture
def ask(world):
    key = operators.create(world.services.office(), "root")["api_key"]

    async def asked(method, path, body=None, key=key):
        data = json.dumps(body).encode() if body is not None else b""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return await call(world.app, method, path, body=data, headers=headers)

    return asked


BASE = "/v1/tenants/acme/consents"


async def test_one_answer_is_written_and_read_back_with_its_proof(ask):
    put = await ask("PUT", f"{BASE}/bob@example.test", {"state": "granted", "method": "form", "text": "May we?"})
    got = await ask("GET", f"{BASE}/Bob@Example.test")
    assert (put.status, got.status) == (200, 200)
    assert put.json() == got.json()
    told = got.json()
    assert told["state"] == "granted"
    assert [(each["method"], each["text"], each["by"]) for each in told["history"]] == [
        ("form", "May we?", "operator:root")
    ]
    await ask("PUT", f"{BASE}/bob@example.test", {"state": "denied", "at": "2020-01-31T10:00:00+01:00"})
    assert (await ask("GET", f"{BASE}/bob@example.test")).json()["history"][1]["at"] == "2020-01-31T09:00:00Z"
    unknown = (await ask("GET", f"{BASE}/anna@example.test")).json()
    assert (unknown["state"], unknown["history"]) == ("unknown", [])


async def test_many_are_written_and_listed_without_addresses(ask):
    body = {"consents": [{"address": f"p{n}@example.test", "state": "denied"} for n in range(1000)]}
    made = await ask("POST", BASE, body)
    assert (made.status, len(made.json()["items"])) == (201, 1000)
    page = await ask("GET", f"{BASE}?limit=600&state=denied")
    rest = await ask("GET", f"{BASE}?limit=600&after={page.json()['next']}")
    assert [len(each.json()["items"]) for each in (page, rest)] == [600, 400]
    assert rest.json()["next"] is None
    assert b"example.test" not in page.body + rest.body


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", "/bob@example.test", {"state": "unknown"}, "state"),
        ("PUT", "/bob@example.test", {}, "state"),
        ("PUT", "/bob@example.test", {"state": "denied", "at": 5}, "at"),
        ("PUT", "/bob@example.test", {"state": "denied", "at": "2030-01-01T00:00:00"}, "at"),
        ("PUT", "/bob@example.test", {"state": "denied", "at": "9999-01-01T00:00:00Z"}, "at"),
        ("PUT", "/bob@example.test", {"state": "denied", "agreed": True}, "agreed"),
        ("PUT", "/bob@example.test", {"state": "denied", "text": "\ud800"}, "text"),
        ("PUT", "/nobody", {"state": "denied"}, None),
        ("GET", "/nobody", None, None),
        ("GET", "?after=zz", None, None),
        ("GET", "?state=unknown", None, "state"),
        ("POST", "", {"consents": []}, "consents"),
        ("POST", "", {"consents": [{"address": "b@x.test", "state": "denied"}] * 1001}, "consents"),
        ("POST", "", {"consents": [{"address": "not one", "state": "denied"}]}, "consents.0.address"),
    ],
)
async def test_bad_input_is_named_and_writes_nothing(ask, method, path, body, field):
    answer = await ask(method, BASE + path, body)
    assert (answer.status, answer.json().get("field")) == (422, field)
    assert (await ask("GET", BASE)).json()["items"] == []


async def test_an_application_reads_and_does_not_write(ask, world):
    key = world.keys["acme"]["api_key"]
    assert (await ask("GET", "/v1/consents", key=key)).status == 200
    assert (await ask("PUT", "/v1/consents/b@x.test", {"state": "granted"}, key=key)).status == 403
    assert (await ask("GET", BASE, key=world.keys["rival"]["api_key"])).status == 404


async def test_mail_that_is_accepted_next_is_measured_as_people_said(ask, world):
    streams.update(world.services.office(), "acme", "transactional", Habits(tracking="consented"))
    await ask("PUT", f"{BASE}/yes@y.example", {"state": "granted"})
    await ask("PUT", f"{BASE}/no@y.example", {"state": "denied"})
    world.services.directory.reload()
    letter = {
        "from": "ann@acme.example", "subject": "Hi", "html": "<a href='https://x.example'>x</a>", "campaign": "spring",
        "recipients": [{"to": f"{name}@y.example"} for name in ("yes", "no", "who")]
        + [{"to": "never@y.example", "track": False}],
        "link_tags": {"utm_source": "a b"}, "track_text": True,
    }  # fmt: skip

    async def kept(**more):
        made = await ask("POST", "/v1/emails", {**letter, **more}, key=world.keys["acme"]["api_key"])
        assert made.status == 202, made.body
        number = ids.read(made.json()["id"])
        rows = (await world.services.spool.find(Filter(message=number), limit=10)).items
        content = (await world.services.spool.contents([number]))[number]
        return content, {row.address.partition("@")[0]: row.tracking for row in rows}

    content, rows = await kept()
    assert rows == {"yes": "individual", "no": "aggregate", "who": "aggregate", "never": "off"}
    assert (content.tracking, content.track_text, content.link_tags) == ("consented", True, "")
    content, rows = await kept(tracking="off")
    assert (content.tracking, set(rows.values())) == ("off", {"off"})


async def test_a_whole_message_says_the_same_in_fields_of_the_request(ask, world):
    streams.update(world.services.office(), "acme", "transactional", Habits(tracking="individual"))
    world.services.directory.reload()
    raw = base64.b64encode(b"From: ann@acme.example\r\nSubject: Hi\r\n\r\nHi\r\n").decode()
    body = {
        "from": "ann@acme.example", "to": "b@y.example", "raw": raw, "tracking": "aggregate", "tags": ["a"],
        "track_opens": False, "link_tags": {"utm_source": "a b", "x": "\u00e9"},
    }  # fmt: skip
    made = await ask("POST", "/v1/emails/raw", body, key=world.keys["acme"]["api_key"])
    number = ids.read(made.json()["id"])
    content = (await world.services.spool.contents([number]))[number]
    assert (content.tracking, content.opens, content.clicks) == ("aggregate", False, None)
    assert content.link_tags == "utm_source=a%20b&x=%C3%A9"


async def test_a_message_that_is_sent_again_is_counted_at_most(ask, world):
    streams.update(world.services.office(), "acme", "transactional", Habits(tracking="individual"))
    world.services.directory.reload()
    key = world.keys["acme"]["api_key"]
    letter = {"from": "ann@acme.example", "to": "b@y.example", "subject": "Hi", "html": "<p>x</p>", "tags": ["a"]}
    made = await ask("POST", "/v1/emails", letter | {"track_clicks": False}, key=key)
    again = await ask("POST", f"/v1/emails/{made.json()['id']}/resend", {"to": ["c@y.example"]}, key=key)
    numbers = [ids.read(each.json()["id"]) for each in (made, again)]
    contents = await world.services.spool.contents(numbers)
    assert [(contents[each].tracking, contents[each].clicks) for each in numbers] == [
        ("individual", False), ("aggregate", False),
    ]  # fmt: skip


async def test_link_tags_are_added_where_nothing_is_measured_too(ask, world):
    letter = {
        "from": "ann@acme.example", "to": "b@y.example", "subject": "Hi", "html": '<a href="https://x.example/">x</a>',
        "link_tags": {"utm_source": "shop"},
    }  # fmt: skip
    made = await ask("POST", "/v1/emails", letter, key=world.keys["acme"]["api_key"])
    number = ids.read(made.json()["id"])
    content = (await world.services.spool.contents([number]))[number]
    assert b"https://x.example/?utm_source=shop" in content.body.replace(b"=3D", b"=").replace(b"=\r\n", b"")
    assert (content.link_tags, content.opens_measured, content.clicks_measured) == ("", False, False)
