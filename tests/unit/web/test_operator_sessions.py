"""Operators log in by name and password, over the API and by the form, and out again."""

import json

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_log_in import enter, jar
from tests.unit.web.test_people import JSON, _at_once, _cheap, office  # noqa: F401  # fixtures

from estafette.base.errors import Fault
from estafette.tenancy import operators


@pytest.fixture
def maria(office):  # noqa: F811
    return operators.create(office, "maria")


async def opened(world, maria, **fields):
    body = json.dumps({"email": "maria", "password": maria["password"]} | fields).encode()
    return await call(world.app, "POST", "/v1/session", body=body, headers=JSON)


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json()['token']}", **JSON}


async def test_a_session_does_what_the_key_does_and_is_audited(world, maria):
    entered = await opened(world, maria)
    assert entered.status == 201, entered.body
    me = (await call(world.app, "GET", "/v1/session", headers=bearer(entered))).json()
    assert (me["kind"], me["name"], me["session"]) == ("operator", "maria", entered.json()["id"])
    assert (await call(world.app, "GET", "/v1/operators", headers=bearer(entered))).status == 200
    found = world.services.office().control.audit()[0]
    assert (found.action, found.actor, found.address) == ("session.create", "operator:maria", "127.0.0.1")


async def test_it_ends_at_once_by_itself_or_by_another_and_with_time(world, maria, monkeypatch):
    first, second, third = [await opened(world, maria) for _ in range(3)]
    listed = (await call(world.app, "GET", "/v1/sessions", headers=bearer(first))).json()["items"]
    assert [each["current"] for each in listed] == [True, False, False]
    path = f"/v1/sessions/{second.json()['id']}"
    assert (await call(world.app, "DELETE", path, headers=bearer(first))).status == 204
    assert (await call(world.app, "GET", "/v1/session", headers=bearer(second))).status == 401
    assert (await call(world.app, "DELETE", "/v1/sessions", headers=bearer(first))).json() == {"ended": 1}
    assert (await call(world.app, "GET", "/v1/session", headers=bearer(third))).status == 401
    assert (await call(world.app, "DELETE", "/v1/session", headers=bearer(first))).status == 204
    assert (await call(world.app, "GET", "/v1/session", headers=bearer(first))).status == 401
    last = await opened(world, maria)
    then = world.services.clock.now() + 12 * 3600 + 1
    monkeypatch.setattr(type(world.services.clock), "now", lambda _: then)
    assert (await call(world.app, "GET", "/v1/session", headers=bearer(last))).status == 401


async def test_a_key_has_no_session_to_end(world, maria):
    key = {"Authorization": f"Bearer {maria['api_key']}"}
    for method, path in (("DELETE", "/v1/session"), ("DELETE", "/v1/sessions"), ("DELETE", "/v1/sessions/x")):
        answer = await call(world.app, method, path, headers=key)
        assert (answer.status, answer.json()["code"]) == (422, "user_needed")


async def test_by_the_form_an_operator_looks_at_every_account(world, maria):
    entered = await enter(world, "maria", maria["password"])
    assert (entered.status, entered.headers["location"]) == (303, "/account")
    page = (await call(world.app, "GET", "/account?tenant=rival", headers=jar(entered))).body.decode()
    assert "operator of the service" in page
    assert "rival.example" in page
    assert ">acme</a>" in page
    left = await call(world.app, "POST", "/account/leave", headers=jar(entered))
    assert left.headers["location"] == "/login"
    assert (await call(world.app, "GET", "/account", headers=jar(entered))).headers["location"] == "/login"


async def test_guessing_an_operator_is_locked_and_tells_nothing(world, maria, monkeypatch):
    monkeypatch.setattr("asyncio.sleep", _at_once)
    unknown, wrong = await opened(world, maria, email="nobody", password="x"), await opened(world, maria, password="x")
    assert (unknown.status, unknown.json()) == (wrong.status, wrong.json())
    for _ in range(10):
        last = await opened(world, maria, password="x")
    assert last.status == 429
    assert (await enter(world, "maria", maria["password"])).status == 429


def test_a_name_that_reads_as_a_persons_is_refused(office):  # noqa: F811
    with pytest.raises(Fault, match="no @"):
        operators.create(office, "maria@company.example")
