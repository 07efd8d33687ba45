"""The log-in form: people and credentials by one form, one guard, notes of what failed."""

import re
from urllib.parse import urlencode

import pyotp
import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_people import FORM, GOOD, _at_once, _cheap, anna, log_in, office  # noqa: F401  # fixtures

from estafette.tenancy import credentials, second_factor, sessions, users

MAIL = "a@company.example"


async def enter(world, user=MAIL, password=GOOD, code="", **headers):
    body = urlencode({"user": user, "password": password, "code": code}).encode()
    return await call(
        world.app,
        "POST",
        "/login",
        body=body,
        headers=FORM | {name.replace("_", "-"): text for name, text in headers.items()},
    )


def jar(answer):
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def noted(world):
    failed, _ = world.services.notes.collect()
    return [(each.username, each.reason) for each in failed]


async def test_a_person_logs_in_by_the_form_and_the_session_is_as_any_other(world, anna):  # noqa: F811
    entered = await enter(world, " A@Company.example ")
    assert (entered.status, entered.headers["location"]) == (303, "/account")
    assert "HttpOnly" in entered.headers["set-cookie"]
    page = await call(world.app, "GET", "/account", headers=jar(entered))
    assert (page.status, MAIL in page.body.decode()) == (200, True)
    assert (await call(world.app, "GET", "/", headers=jar(entered))).headers["location"] == "/account"
    bearer = {"Authorization": f"Bearer {(await log_in(world)).json()['token']}"}
    listed = (await call(world.app, "GET", "/v1/sessions", headers=bearer)).json()["items"]
    (other,) = [each["id"] for each in listed if not each["current"]]
    assert (await call(world.app, "DELETE", f"/v1/sessions/{other}", headers=bearer)).status == 204
    over = await call(world.app, "GET", "/account", headers=jar(entered))
    assert (over.status, over.headers["location"]) == (303, "/login")


async def test_a_second_factor_is_asked_for_and_a_recovery_code_counts_once(world, anna, office):  # noqa: F811
    user = users.person(office, anna)
    secret = second_factor.begin(sessions.as_user(office, user), user)["secret"]
    user = users.person(office, anna)
    first = pyotp.TOTP(secret).at(int(office.now()))
    recovery = second_factor.confirm(sessions.as_user(office, user), user, first)["recovery_codes"][0]
    asked = await enter(world, Accept_Language="fr")
    assert asked.status == 401
    assert "code de secours" in re.search(r'role="alert"[^>]*>([^<]+)', asked.body.decode())[1]
    assert f'value="{MAIL}"' in asked.body.decode()
    assert GOOD not in asked.body.decode()
    assert (await enter(world, code=recovery)).headers["location"] == "/account"
    assert (await enter(world, code=recovery)).status == 401


async def test_guesses_are_told_alike_counted_and_noted(world, anna, monkeypatch):  # noqa: F811
    monkeypatch.setattr("asyncio.sleep", _at_once)
    wrong = [await enter(world, user, "x") for user in (MAIL, "nobody@company.example", "nobody")]
    texts = {re.sub(r'value="[^"]*"', "", each.body.decode()) for each in wrong}
    assert ([each.status for each in wrong], len(texts)) == ([401] * 3, 1)
    for _ in range(5):
        last = await enter(world, MAIL, "x")
    assert last.status == 429
    assert (await enter(world)).status == 429
    assert (await log_in(world)).status == 429, "the API and the form share one lock"
    found = noted(world)
    assert found[:3] == [(MAIL, ""), ("nobody@company.example", ""), ("nobody", "")]
    assert found[-1] == (MAIL, "locked")


async def test_a_credential_named_like_a_person_is_behind_the_persons_lock(world, anna, office, monkeypatch):  # noqa: F811
    monkeypatch.setattr("asyncio.sleep", _at_once)
    user = "ann@acme.example"
    made = credentials.create(office, "acme", username=user)
    world.services.directory.reload()
    entered = await enter(world, user, made["password"])
    assert (entered.status, entered.headers["location"]) == (303, "/")
    for _ in range(10):
        await enter(world, user, "x")
    assert (await enter(world, user, made["password"])).status == 429


@pytest.mark.parametrize(("language", "words"), [("en", "User or e-mail"), ("fr", "Utilisateur ou adresse")])
async def test_what_was_typed_is_text_and_never_kept_beyond_the_name(world, language, words):
    answer = await enter(world, '"><script>x</script>', "secret word", Accept_Language=language)
    page = answer.body.decode()
    assert (answer.status, words in page) == (401, True)
    assert "<script" not in page
    assert "secret word" not in page
