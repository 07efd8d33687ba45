"""Webhooks as programs of Brevo and Mailjet make them: by their own clients, unmodified, without a network."""

import asyncio
import json
from urllib.parse import unquote, urlsplit

import httpx
import pytest
import requests
from brevo import AsyncBrevo
from brevo.core.api_error import ApiError
from mailjet_rest import Client
from mailjet_rest.errors import MailjetApiError
from requests.adapters import BaseAdapter
from tests.unit.web import asgi

from estafette.tenancy import keys
from estafette.tenancy.permissions import Actor
from estafette.webhooks import endpoints
from estafette.webhooks.endpoints import Wish
from estafette.webhooks.targets import Targets

URL = "https://shop.example/hooks"
TRANSACTIONAL = ["request", "delivered", "hardBounce", "softBounce", "blocked", "spam", "invalid", "deferred", "click",
                 "opened", "uniqueOpened", "unsubscribed"]  # fmt: skip


@pytest.fixture
def office(world):
    return world.services.office(Actor(kind="cli", id="", name="test"))


@pytest.fixture
def key(office):
    return keys.create(office, "acme", scopes=["webhooks"])["key"]


def held(office, tenant="acme"):
    return {each["url"]: each for each in endpoints.list_all(office, tenant)["items"]}


@pytest.fixture
async def brevos(world):
    """Makes Brevo's client with a key; only the transport is ours."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app)) as http:
        yield lambda key: AsyncBrevo(api_key=key, base_url="http://test/brevo/v3", httpx_client=http).webhooks


async def test_brevo_adds_shows_changes_and_removes_a_webhook(brevos, key, office):
    hooks = brevos(key)
    auth = {"type": "bearer", "token": "s3cret"}
    made = await hooks.create_webhook(
        url=URL, events=TRANSACTIONAL, description="shop", type="transactional", auth=auth
    )
    mine = held(office)[URL]
    assert (mine["format"], mine["name"], mine["authorization"]) == ("brevo", "shop", True)
    assert set(mine["events"]) == {"queued", "delivered", "sent", "bounced", "failed", "rejected", "complained",
                                   "deferred", "clicked", "opened", "unsubscribed"}  # fmt: skip
    shown = await hooks.get_webhook(made.id)
    assert (shown.id, shown.url, shown.description, shown.type) == (made.id, URL, "shop", "transactional")
    assert set(TRANSACTIONAL) <= set(shown.events)
    assert "s3cret" not in repr(shown)
    await hooks.update_webhook(made.id, url=f"{URL}/2", events=["hardBounce"])
    listed = (await hooks.get_webhooks()).webhooks
    assert [(each.url, each.events, each.description) for each in listed] == [(f"{URL}/2", ["hardBounce"], "shop")]
    await hooks.delete_webhook(made.id)
    assert held(office) == {}
    with pytest.raises(ApiError) as gone:
        await hooks.get_webhook(made.id)
    assert (gone.value.status_code, gone.value.body["code"]) == (404, "document_not_found")


async def test_brevo_lists_newest_first_and_only_what_is_called_in_its_form(brevos, key, office):
    hooks = brevos(key)
    endpoints.create(office, Targets(), "acme", Wish(url="https://shop.example/standard"))
    for number in (1, 2):
        await hooks.create_webhook(url=f"{URL}/{number}", events=["spam"])
    assert [each.url for each in (await hooks.get_webhooks()).webhooks] == [f"{URL}/2", f"{URL}/1"]
    assert [each.url for each in (await hooks.get_webhooks(sort="asc")).webhooks] == [f"{URL}/1", f"{URL}/2"]
    assert (await hooks.get_webhooks(type="marketing")).webhooks == []


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        ({"events": ["listAddition"]}, 406, "listAddition"),
        ({"events": ["spam"], "type": "marketing"}, 406, "marketing"),
        ({"events": ["spam"], "type": "inbound", "domain": "in.example"}, 406, "inbound"),
        ({"events": ["spam"], "channel": "sms"}, 406, "channel"),
        ({"events": ["spam"], "batched": True}, 406, "batched"),
        ({"events": ["spam"], "headers": [{"key": "X-Mine", "value": "1"}]}, 406, "X-Mine"),
        ({}, 400, "events"),
        ({"events": ["spam"], "url": "http://shop.example/"}, 400, "TLS"),
        ({"events": ["spam"], "url": "https://127.0.0.1/"}, 400, "public"),
    ],
)
async def test_what_brevo_has_and_we_lack_is_refused_by_name(brevos, key, office, asked, status, word):
    with pytest.raises(ApiError) as refusal:
        await brevos(key).create_webhook(**({"url": URL} | asked))
    assert refusal.value.status_code == status
    assert word in str(refusal.value.body)
    assert held(office) == {}


async def test_a_header_of_the_name_authorization_is_what_calls_carry(brevos, key, office):
    await brevos(key).create_webhook(
        url=URL, events=["spam"], headers=[{"key": "Authorization", "value": "Basic eA=="}]
    )
    assert held(office)[URL]["authorization"] is True


async def test_webhooks_are_seen_and_changed_by_whoever_manages_their_tenant_alone(brevos, key, office, world, call):
    made = await brevos(key).create_webhook(url=URL, events=["spam"])
    rival = keys.create(office, "rival", scopes=["webhooks"])["key"]
    reader = keys.create(office, "acme", scopes=["read", "domains"])["key"]
    for other, status in ((rival, 404), (reader, 403), (world.keys["acme"]["api_key"], 403), ("wrong", 401)):
        hooks = brevos(other)
        for act in (hooks.get_webhook, hooks.delete_webhook):
            with pytest.raises(ApiError) as refusal:
                await act(made.id)
            assert refusal.value.status_code == status
    assert (await brevos(rival).get_webhooks()).webhooks == []
    place = "/mailjet/v3/REST/eventcallbackurl"
    assert (await call("GET", place)).status == 403
    assert (await call("GET", place, account="", headers={"Authorization": f"Bearer {reader}"})).status == 403
    assert list(held(office)) == [URL]


class Inside(BaseAdapter):
    """Carries what ``requests`` sends to the application, in the loop of the test."""

    def __init__(self, app, loop):
        super().__init__()
        self._app, self._loop = app, loop

    def send(self, request, **_how):
        parts = urlsplit(request.url)
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        sent = asgi.call(
            self._app, request.method, f"{unquote(parts.path)}?{parts.query}", body=body, headers=dict(request.headers)
        )
        answer = asyncio.run_coroutine_threadsafe(sent, self._loop).result(30)
        told = requests.Response()
        told.status_code, told._content, told.request, told.url = answer.status, answer.body, request, request.url
        told.headers.update(answer.headers)
        return told

    def close(self):
        pass


@pytest.fixture
async def mailjets(world):
    """Makes Mailjet's client with a key; returns a way to ask it beside the loop."""
    loop = asyncio.get_running_loop()
    made = []

    def client(key):
        client = Client(auth=key, version="v3", api_url="https://api.mailjet.com/mailjet/")
        client.session.mount("https://", Inside(world.app, loop))
        made.append(client)

        async def ask(verb, **given):
            try:
                answer = await asyncio.to_thread(getattr(client.eventcallbackurl, verb), **given)
            except MailjetApiError as refusal:
                return refusal.status_code, json.loads(refusal.response_body)
            return answer.status_code, json.loads(answer.content) if answer.content else None

        return ask

    yield client
    for each in made:
        each.close()


async def test_mailjet_adds_shows_changes_and_removes_an_address(mailjets, key, office):
    ask = mailjets(key)
    status, told = await ask("create", data={"EventType": "bounce", "Url": URL, "Status": "alive"})
    (entry,) = told["Data"]
    assert (status, entry["EventType"], entry["Url"], entry["Version"]) == (201, "bounce", URL, 1)
    mine = held(office)[URL]
    assert (mine["format"], set(mine["events"])) == ("mailjet_single", {"deferred", "bounced", "failed"})
    for name in (entry["ID"], "bounce|false"):
        assert (await ask("get", id=name))[1]["Data"] == [entry]
    status, told = await ask("update", id=entry["ID"], data={"Version": 2, "Status": "dead", "Url": f"{URL}/2"})
    changed = entry | {"Version": 2, "Status": "dead", "Url": f"{URL}/2"}
    assert (status, told["Data"]) == (200, [changed])
    assert (held(office)[f"{URL}/2"]["format"], held(office)[f"{URL}/2"]["status"]) == ("mailjet", "disabled")
    assert (await ask("get"))[1] == {"Count": 1, "Total": 1, "Data": [changed]}
    assert (await ask("delete", id=entry["ID"]))[0] == 204
    assert held(office) == {}
    assert (await ask("get", id=entry["ID"]))[0] == 404


async def test_mailjet_has_one_address_for_each_type(mailjets, key, office):
    ask = mailjets(key)
    assert (await ask("create", data={"Url": URL}))[1]["Data"][0]["EventType"] == "open"
    status, told = await ask("create", data={"EventType": "open", "Url": f"{URL}/2"})
    assert (status, told["ErrorRelatedTo"]) == (400, ["EventType"])
    assert (await ask("create", data={"EventType": "sent", "Url": f"{URL}/2"}))[0] == 201
    other = mailjets(keys.create(office, "rival", scopes=["webhooks"])["key"])
    assert (await other("get"))[1]["Data"] == []
    assert (await other("delete", id=(await ask("get"))[1]["Data"][0]["ID"]))[0] == 404


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"IsBackup": True}, "IsBackup"), ({"EventType": "typofix"}, "EventType"), ({"Version": 3}, "Version"),
        ({"Url": "http://shop.example/"}, "TLS"), ({"Url": ""}, "Url"),
    ],
)  # fmt: skip
async def test_what_mailjet_has_and_we_lack_is_refused_by_name(mailjets, key, office, asked, word):
    status, told = await mailjets(key)("create", data={"Url": URL} | asked)
    assert status == 400
    assert word in told["ErrorMessage"]
    assert held(office) == {}


async def test_a_webhook_of_several_types_is_shown_for_each_and_not_changed_by_one(mailjets, key, office):
    endpoints.create(
        office, Targets(), "acme", Wish(url=URL, format="mailjet", events=["opened", "clicked", "bounced"])
    )
    ask = mailjets(key)
    entries = (await ask("get"))[1]["Data"]
    assert [(each["EventType"], each["Version"]) for each in entries] == [("open", 2), ("click", 2)]
    status, told = await ask("delete", id=entries[0]["ID"])
    assert (status, "PATCH /v1/webhooks" in told["ErrorInfo"]) == (400, True)
    assert set(held(office)[URL]["events"]) == {"opened", "clicked", "bounced"}
