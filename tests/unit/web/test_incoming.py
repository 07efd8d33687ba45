"""``/v1/domains/{domain}/incoming``: who may say it, and what is said."""

import json

import pytest
from tests.unit.web.asgi import call

from estafette.tenancy import operators

SAID = {"host": "imap.acme.example", "port": 993, "socket": "tls", "sign_in": "password", "login": "%EMAILADDRESS%"}


@pytest.fixture
def ask(world):
    key = operators.create(world.services.office(), "root")["api_key"]

    async def asked(method, path, body=None, *, key=key, **headers):
        data = json.dumps(body).encode() if body is not None else b""
        named = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return await call(world.app, method, path, body=data, headers=named | headers)

    return asked


async def test_it_is_said_read_and_taken_back(ask):
    place = "/v1/domains/acme.example/incoming"
    assert (await ask("GET", "/v1/domains/acme.example")).json()["incoming"] is None
    made = await ask("PUT", place, {"host": "imap.acme.example"})
    assert (made.status, made.json()["incoming"]) == (200, SAID)
    shown = await ask("GET", "/v1/tenants/acme/domains/acme.example")
    assert (shown.json()["incoming"], shown.headers["etag"]) == (SAID, made.headers["etag"])
    purposes = [each["purpose"] for each in shown.json()["records"]]
    assert purposes.count("client") == 3  # of mail alone: here the public listener has no name to point to
    spelled = (await ask("GET", "/v1/domains/acme.example/records?host=ovh")).json()
    assert "_imaps._tcp.acme.example. 3600 IN SRV 0 1 993 imap.acme.example." in spelled["zone_file"]
    assert (await ask("DELETE", place, **{"If-Match": '"1"'})).status == 412
    assert (await ask("DELETE", place)).json()["incoming"] is None


@pytest.mark.parametrize(
    "body",
    [{}, {"host": ""}, {"host": "imap"}, {"host": "imap.acme.example", "socket": "plain"}, {"host": "imap.acme.example", "port": 0},
     {"host": "imap.acme.example", "login": "boss"}, {"host": "imap.acme.example", "password": "x"}],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_changes_nothing(ask, body):
    answer = await ask("PUT", "/v1/domains/acme.example/incoming", body)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    assert (await ask("GET", "/v1/domains/acme.example")).json()["incoming"] is None


async def test_an_applications_key_may_not_and_a_foreigners_finds_nothing(world, ask):
    for key, status in ((world.keys["acme"]["api_key"], 403), (world.keys["rival"]["api_key"], 403)):
        answer = await ask("PUT", "/v1/domains/acme.example/incoming", {"host": "imap.evil.example"}, key=key)
        assert answer.status == status
    world.services.directory.reload()
    assert (await ask("GET", "/v1/domains/acme.example")).json()["incoming"] is None
    foreign = "/v1/tenants/rival/domains/acme.example/incoming"
    assert (await ask("PUT", foreign, {"host": "imap.evil.example"})).status == 404
