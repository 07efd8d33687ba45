"""Log-in over the API and the pages of mailed links, over real control tables."""

import json
import re
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from tests.unit.web.asgi import call

from estafette.tenancy import invitations, letters, passwords, users
from estafette.tenancy.permissions import Actor
from estafette.web.public.app import create_public
from estafette.web.public.links import Desk

GOOD = "vert pomme 71 escalier"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def desk(world):
    return create_public(Desk(world.services.office, world.services.guard))


@pytest.fixture
def office(world):
    return world.services.office(Actor(kind="cli", id="", name="test"))


def mailed(office):
    (letter,) = office.control.people.letters(10)
    office.control.people.remove_letter(letter.id)
    return re.search(r"(/\w+/\w{32})\n", letters.read(office.keyring, letter).text)[1]


async def log_in(world, **fields):
    body = json.dumps({"email": "a@company.example", "password": GOOD} | fields).encode()
    return await call(world.app, "POST", "/v1/session", body=body, headers=JSON)


@pytest.fixture
def anna(office):
    made = users.create(office, "acme", "a@company.example", "owner")
    user = users.person(office, made["id"])
    after = type(user)(**{name: getattr(user, name) for name in user.__struct_fields__ if name != "password_hash"},
                       password_hash=passwords.hashed(GOOD))  # fmt: skip
    office.control.people.put_user(after, office.entry("test", subject="x"))
    return made["id"]


async def test_a_token_opens_what_its_role_may_and_ends_with_the_session(world, anna):
    opened = await log_in(world)
    assert opened.status == 201, opened.body
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    bearer = {"Authorization": f"Bearer {opened.json()['token']}", **JSON}
    me = (await call(world.app, "GET", "/v1/session", headers=bearer)).json()
    assert (me["kind"], list(me["roles"].values())) == ("user", ["owner"])
    assert (await call(world.app, "GET", "/v1/users", headers=bearer)).json()["items"][0]["email"] == me["name"]
    assert (await call(world.app, "GET", "/v1/operators", headers=bearer)).status == 403
    assert (await call(world.app, "DELETE", "/v1/session", headers=bearer)).status == 204
    assert (await call(world.app, "GET", "/v1/session", headers=bearer)).status == 401


async def test_the_api_reads_no_cookie(world, anna):
    token = (await log_in(world)).json()["token"]
    answer = await call(world.app, "GET", "/v1/session", headers={"Cookie": f"estafette_user={token}"})
    assert answer.status == 401


async def test_guessing_is_locked_and_tells_nothing(world, anna, monkeypatch):
    monkeypatch.setattr("asyncio.sleep", _at_once)
    unknown = await log_in(world, email="nobody@company.example", password="x")
    wrong = await log_in(world, password="x")
    assert (unknown.status, unknown.json()) == (wrong.status, wrong.json())
    for _ in range(10):
        last = await log_in(world, password="x")
    assert (last.status, last.json()["code"]) == (429, "auth_locked")
    assert (await log_in(world)).status == 429


async def _at_once(_seconds):
    return None


async def test_asking_for_a_new_password_tells_nobody_who_is_known(world, anna, office):
    answers = [
        await call(world.app, "POST", "/v1/session/reset", body=json.dumps({"email": each}).encode(), headers=JSON)
        for each in ("a@company.example", "nobody@company.example")
    ]
    assert [(each.status, each.body) for each in answers] == [(202, b"null")] * 2
    assert len(office.control.people.letters(10)) == 1


@pytest.mark.parametrize(("language", "word"), [("fr-FR, en;q=0.5", "Rejoindre acme"), ("de", "Join acme")])
async def test_a_page_shows_by_get_and_acts_by_post(office, desk, language, word):
    invitations.create(office, "acme", "b@company.example", "reader")
    path = mailed(office)
    for _ in range(2):
        shown = await call(desk, "GET", path, headers={"Accept-Language": language})
        assert (shown.status, word in shown.body.decode()) == (200, True)
    assert "script" not in shown.body.decode()
    assert shown.headers["referrer-policy"] == "no-referrer"
    weak = await call(desk, "POST", path, body=urlencode({"password": "password12"}).encode(), headers=FORM)
    assert weak.status == 422
    done = await call(desk, "POST", path, body=urlencode({"name": "B", "password": GOOD}).encode(), headers=FORM)
    assert done.status == 200
    assert users.show(office, "acme", "b@company.example")["name"] == "B"
    assert (await call(desk, "GET", path)).status == 410


async def test_a_name_of_a_tenant_or_person_is_text_on_the_page(office, desk):
    invitations.create(office, "acme", "b@company.example", "reader")
    name = '<img src=x onerror="1">{{7*7}}'
    path = mailed(office)
    body = urlencode({"name": name, "password": GOOD, "token": "x"}).encode()
    assert (await call(desk, "POST", path, body=body, headers=FORM)).status == 200
    assert users.show(office, "acme", "b@company.example")["name"] == name
    for false in ("/invitations/<script>", "/invitations/" + "a" * 32, "/passwords/x", "/addresses/%00"):
        answer = await call(desk, "GET", false)
        assert answer.status in {410, 404}
        assert "<script>" not in answer.body.decode()


async def test_the_listener_answers_nothing_else(desk):
    assert (await call(desk, "GET", "/v1/session")).status == 404
    assert (await call(desk, "POST", "/invitations/x", body=b"x" * 30_000)).status == 413
