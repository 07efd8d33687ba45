"""The API and the page over a real store, real control tables and the real gate."""

import base64
import json
from urllib.parse import urlencode

import pytest
from tests.unit.web.asgi import call

from estafette.web.app import create_app
from estafette.web.dashboard.session import opened, token


def bearer(world, name="acme"):
    return {"Authorization": f"Bearer {world.keys[name]['api_key']}", "Content-Type": "application/json"}


def letter(**fields):
    values = {
        "from": "Ann <ann@acme.example>",
        "to": ["bob@y.example"],
        "subject": "Hé",
        "text": "hi",
    }
    return json.dumps(values | fields).encode()


async def test_accepted_mail_is_durable_and_only_its_tenant_sees_it(world):
    answer = await call(world.app, "POST", "/v1/emails", body=letter(bcc=["c@z.example"]), headers=bearer(world))
    assert answer.status == 202, answer.body
    told = answer.json()
    assert [each["recipient"] for each in told["recipients"]] == ["bob@y.example", "c@z.example"]
    content = next(
        iter((await world.store.spool.contents([(await world.store.spool.find(_all())).items[0].message])).values())
    )
    head = content.body.partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nbcc:" not in head
    mine = await call(world.app, "GET", f"/v1/emails/{told['id']}", headers=bearer(world))
    assert mine.json()["from"] == "ann@acme.example"
    other = await call(world.app, "GET", f"/v1/emails/{told['id']}", headers=bearer(world, "rival"))
    assert (other.status, other.json()["code"]) == (404, "not_found")
    assert (await call(world.app, "GET", "/v1/queue", headers=bearer(world, "rival"))).json()["items"] == []
    waiting = (await call(world.app, "GET", "/v1/queue", headers=bearer(world))).json()["items"]
    assert waiting[0]["waiting"]["rule"] == "lane"
    assert (await call(world.app, "GET", "/v1/events", headers=bearer(world, "rival"))).json()["items"] == []


def _all():
    from estafette.model.rule import Filter

    return Filter()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"from": "ann@rival.example"}, 403),
        ({"to": []}, 422),
        ({"to": ["nobody"]}, 422),
        ({"text": ""}, 422),
        ({"bogus": 1}, 422),
        ({"subject": "Hé\r\nBcc: x@y.example"}, 422),
        ({"subject": "=?utf-8?q?a=0D=0ABcc:_x@y.example?="}, 422),
        ({"headers": {"Bcc": "x@y.example"}}, 422),
        ({"headers": {"X-A": "b\r\nBcc: x@y.example"}}, 422),
        ({"text": "x" * 700_000}, 413),
    ],
)
async def test_a_no_is_a_problem_document(world, fields, status):
    answer = await call(world.app, "POST", "/v1/emails", body=letter(**fields), headers=bearer(world))
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), answer.body
    assert {"code", "detail", "fix"} <= set(answer.json())
    assert (await world.store.spool.counts())["accepted"] == 0


async def test_without_a_key(world):
    answer = await call(world.app, "GET", "/v1/events")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="estafette"')


@pytest.mark.parametrize("form", ["rfc822", "json"])
async def test_raw(world, form):
    raw = b"From: ann@acme.example\nSubject: raw\n\nhi\n" + b"x" * 70 * 1 + b"\n" * 300_000
    if form == "rfc822":
        query = urlencode({"from": "ann@acme.example", "to": "bob@y.example"})
        headers = bearer(world) | {"Content-Type": "message/rfc822"}
        answer = await call(world.app, "POST", f"/v1/emails/raw?{query}", body=raw[:1000], headers=headers)
    else:
        body = {"from": "ann@acme.example", "to": "bob@y.example", "raw": base64.b64encode(raw[:290_000]).decode()}
        answer = await call(world.app, "POST", "/v1/emails/raw", body=json.dumps(body).encode(), headers=bearer(world))
    assert answer.status == 202, answer.body


async def test_an_endless_body_is_cut(world):
    answer = await call(world.app, "POST", "/v1/emails/raw", pieces=[b"x" * 500_000] * 10, headers=bearer(world))
    assert answer.status == 413


async def test_the_page_escapes_and_keeps_tenants_apart(world):
    html = "<script>alert(1)</script>"
    sent = await call(world.app, "POST", "/v1/emails", body=letter(subject=html, html=html), headers=bearer(world))
    place = f"/mail/{sent.json()['id']}"
    jars = {}
    for name, held in world.keys.items():
        form = urlencode({"user": held["username"], "password": held["password"]}).encode()
        entered = await call(world.app, "POST", "/login", body=form)
        assert entered.status == 303
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        jars[name] = {"Cookie": cookie.partition(";")[0]}
    page = await call(world.app, "GET", place, headers=jars["acme"])
    assert page.status == 200
    assert b"<script" not in page.body
    assert "default-src 'none'" in page.headers["content-security-policy"]
    frame = await call(world.app, "GET", f"{place}/html", headers=jars["acme"])
    assert frame.headers["content-security-policy"].startswith("sandbox;")
    assert (await call(world.app, "GET", place, headers=jars["rival"])).status == 404
    assert (await call(world.app, "GET", f"{place}/source")).status == 404
    french = await call(world.app, "GET", "/login", headers={"Accept-Language": "fr-FR,en;q=0.8"})
    assert b"Se connecter" in french.body
    wrong = await call(world.app, "POST", "/login", body=b"user=x&password=y")
    assert wrong.status == 401


async def test_a_link_works_once_and_only_for_its_purpose(world):
    services, held = world.services, world.keys["acme"]
    now = services.clock.now()
    link = token(services.keyring, "link", held["id"], now + 60)
    assert opened(services.keyring, "session", link, now) is None
    assert opened(services.keyring, "link", link, now + 61) is None
    assert (await call(world.app, "GET", f"/login?token={link}")).status == 303
    assert (await call(world.app, "GET", f"/login?token={link}")).status == 200


async def test_health(world):
    assert (await call(world.app, "GET", "/healthz")).json() == {"status": "ok"}
    assert (await call(world.app, "GET", "/readyz")).status == 200


async def test_who_guesses_keys_is_locked_out_of_api_and_page(world):
    for number in range(5):
        bad = {"Authorization": f"Bearer est_guess{number}"}
        assert (await call(world.app, "GET", "/v1/events", headers=bad)).status == 401
    locked = await call(world.app, "GET", "/v1/events", headers=bearer(world))
    assert (locked.status, locked.json()["code"]) == (429, "auth_locked")
    assert int(locked.headers["retry-after"]) > 0
    held = world.keys["acme"]
    fields = urlencode({"user": held["username"], "password": held["password"]}).encode()
    page = await call(world.app, "POST", "/login", body=fields)
    assert page.status == 429
    assert "set-cookie" not in page.headers


async def test_a_valid_key_forgets_the_failures_before_it(world):
    for number in range(12):
        bad = {"Authorization": f"Bearer est_guess{number}"}
        assert (await call(world.app, "GET", "/v1/events", headers=bad)).status == 401
        assert (await call(world.app, "GET", "/v1/events", headers=bearer(world))).status == 200


async def test_a_link_used_in_one_web_process_is_used_in_the_other(world):
    services = world.services
    link = token(services.keyring, "link", world.keys["acme"]["id"], services.clock.now() + 60)
    other = create_app(services)
    assert (await call(world.app, "GET", f"/login?token={link}")).status == 303
    assert (await call(other, "GET", f"/login?token={link}")).status == 200


async def test_a_mail_that_is_not_there_says_so_and_a_stranger_is_asked_to_log_in(world):
    assert (await call(world.app, "GET", "/mail/0000000000000")).headers["location"] == "/login"
    link = token(world.services.keyring, "link", world.keys["acme"]["id"], world.services.clock.now() + 60)
    entered = await call(world.app, "GET", f"/login?token={link}")
    jar = {"Cookie": entered.headers["set-cookie"].partition(";")[0]}
    missing = await call(world.app, "GET", "/mail/0000000000000", headers=jar)
    assert missing.status == 404
    assert b"There is no such mail here." in missing.body
