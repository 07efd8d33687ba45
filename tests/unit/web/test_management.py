"""What every resource of the management API has in common, and what bad input gets."""

import asyncio
import json

import pytest
from tests.unit.web.asgi import call

from estafette.tenancy import operators
from estafette.web.api.strict import MOST
from estafette.web.rates import Rates


@pytest.fixture
def ask(world):
    key = operators.create(world.services.office(), "root")["api_key"]

    async def asked(method, path, body=None, *, raw=None, key=key, **headers):
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else b""
        named = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return await call(world.app, method, path, body=data, headers=named | headers)

    return asked


async def test_of_concurrent_changes_one_wins_and_the_others_change_nothing(ask):
    tag = (await ask("GET", "/v1/tenants/acme")).headers["etag"]
    changes = [{"identity": f"name {n}", "postal_address": f"street {n}"} for n in range(8)]
    answers = await asyncio.gather(
        *(ask("PATCH", "/v1/tenants/acme", change, **{"If-Match": tag}) for change in changes)
    )
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [200] + [412] * 7
    won = changes[[answer.status for answer in answers].index(200)]
    now = (await ask("GET", "/v1/tenants/acme")).json()
    assert {name: now[name] for name in won} == won


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b'{"name": "a", "name": "b"}', 422, "duplicate_key"),
        (b'{"name": "a", "bogus": 1}', 422, "invalid_request"),
        (b'{"name": 5}', 422, "invalid_request"),
        (b'{"name": "a/b"}', 422, "invalid"),
        (b'{"name": NaN}', 422, "invalid_json"),
        (b'{"name": "acme"}', 409, "already_there"),
        (b"{", 422, "invalid_request"),
        (b"\xff", 422, "invalid_json"),
        (b"[" * 200_000, 422, "invalid_json"),
        (b'{"name": "' + b"x" * MOST + b'"}', 413, "too_large"),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_bad_input_is_named_and_changes_nothing(ask, raw, status, code):
    answer = await ask("POST", "/v1/tenants", raw=raw)
    told = answer.json()
    assert (answer.status, told["code"], answer.headers["content-type"]) == (status, code, "application/problem+json")
    assert told["detail"]
    assert told["fix"]
    assert len((await ask("GET", "/v1/tenants")).json()["items"]) == 2


async def test_a_wrong_field_is_named_with_rule_and_fix(ask):
    answer = await ask("POST", "/v1/tenants/acme/credentials", {"senders": ["x.example"], "per_day": -5, "colour": 1})
    told = answer.json()
    assert {(each["field"], each["rule"]) for each in told["errors"]} == {
        ("per_day", "greater_than_equal"),
        ("colour", "extra_forbidden"),
    }
    told = (await ask("POST", "/v1/tenants/acme/credentials", {"senders": ["x.example"]})).json()
    assert (told["field"], told["status"]) == ("senders", 422)


async def test_an_unknown_parameter_and_a_wrong_cursor_are_refused(ask):
    for query in ("tennant=acme", "limit=0", "limit=1001", "after=x", "after=WzEsMl0"):
        assert (await ask("GET", f"/v1/tenants?{query}")).status == 422


async def test_a_change_names_what_it_is_based_on(ask):
    assert (await ask("PATCH", "/v1/tenants/acme", {"identity": "x"})).status == 428
    for stale in ('"1"', 'W/"2"', "nonsense"):
        assert (await ask("PATCH", "/v1/tenants/acme", {"identity": "x"}, **{"If-Match": stale})).status == 412
    assert (await ask("PATCH", "/v1/tenants/acme", {"identity": "x"}, **{"If-Match": "*"})).status == 200


async def test_pages_join_without_gap_or_repeat(ask):
    for number in range(5):
        await ask("POST", "/v1/tenants", {"name": f"t{number}"})
    names, after = [], ""
    while after is not None:
        page = (await ask("GET", f"/v1/tenants?limit=2&after={after}")).json()
        names += [each["name"] for each in page["items"]]
        after = page["next"]
    assert names == ["acme", "rival", "t0", "t1", "t2", "t3", "t4"]


async def test_calls_of_a_key_are_limited_and_told(world, ask):
    object.__setattr__(world.services, "rates", Rates(world.services.clock, 3))
    answers = [await ask("GET", "/v1/tenants") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers] == [
        f'"key";r={n}' for n in (2, 1, 0, 0)
    ]
    assert answers[3].headers["ratelimit-policy"] == '"key";q=3;w=60'
    assert 0 < int(answers[3].headers["retry-after"]) <= 61
    mine = await ask("GET", "/v1/tenants", key=world.keys["acme"]["api_key"])
    assert mine.status == 200


async def test_a_key_is_shown_once_and_ends_when_rotated(world, ask):
    made = (await ask("POST", "/v1/tenants/acme/credentials", {"username": "anna@acme.example", "per_day": 5})).json()
    assert {"password", "api_key"} <= set(made)
    shown = (await ask("GET", "/v1/credentials/anna@acme.example")).json()
    assert not {"password", "api_key", "password_sha256"} & set(shown)
    again = (await ask("POST", f"/v1/credentials/{made['id']}/rotate")).json()
    world.services.directory.reload()
    assert (await ask("GET", "/v1/tenants", key=made["api_key"])).status == 401
    assert (await ask("GET", "/v1/tenants", key=again["api_key"])).status == 200
    await ask("POST", f"/v1/tenants/acme/credentials/{made['id']}/revoke")
    world.services.directory.reload()
    assert (await ask("GET", "/v1/tenants", key=again["api_key"])).status == 401


async def test_a_key_from_a_wrong_network_or_past_its_end_is_nobody(world, ask):
    made = (await ask("POST", "/v1/tenants/acme/credentials", {"only_from": ["192.0.2.0/24"]})).json()
    world.services.directory.reload()
    assert (await ask("GET", "/v1/tenants", key=made["api_key"])).status == 401
    noted = world.services.notes.collect()[0]
    assert [each.reason for each in noted] == ["wrong_network"]


async def test_who_changed_what_from_where_is_kept(world, ask):
    await ask("PATCH", "/v1/tenants/acme", {"identity": "Acme Ltd"}, **{"If-Match": "*"})
    entry = world.services.control.audit(limit=1)[0]
    assert (entry.actor, entry.action, entry.address) == ("operator:root", "tenant.update", "127.0.0.1")
    assert (entry.before, entry.after) == ({"identity": ""}, {"identity": "Acme Ltd"})
    await ask("POST", "/v1/tenants/acme/credentials", {})
    entry = world.services.control.audit(limit=1)[0]
    assert not {"password_sha256", "api_key_sha256"} & set(entry.after)


async def test_the_document_is_complete(ask):
    document = (await ask("GET", "/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "HTTPBearer" in document["components"]["securitySchemes"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1/"):
                assert operation["description"], path
                assert {"401", "404", "422", "429"} <= set(operation["responses"]), (method, path)


async def test_what_the_plan_does_not_open_is_refused_by_name(ask):
    await ask("POST", "/v1/plans", {"name": "small", "features": ["domains=1", "streams=0"]})
    assert (await ask("PATCH", "/v1/tenants/acme", {"plan": "small"}, **{"If-Match": "*"})).status == 200
    wanted = [
        ("POST", "/v1/tenants/acme/domains", {"domain": "second.example"}, "domain", "domains"),
        ("POST", "/v1/tenants/acme/keys", {"scopes": ["read"]}, "name", "management-keys"),
        ("PATCH", "/v1/tenants/acme/streams/bulk", {"tracking": "individual"}, "tracking", "individual-tracking"),
    ]
    for method, path, body, field, feature in wanted:
        answer = await ask(method, path, body, **{"If-Match": "*"})
        told = answer.json()
        assert (answer.status, told["code"], told["field"]) == (403, "not_in_plan", field), told
        assert told["detail"].startswith("the plan small ")
        assert feature in told["detail"]
        assert "plan" in told["fix"]
    assert len((await ask("GET", "/v1/tenants/acme/domains")).json()["items"]) == 1
    listed = (await ask("GET", "/v1/features")).json()["items"]
    assert {"name", "absent", "counts", "en", "fr"} == set(listed[0])
    wrong = await ask("POST", "/v1/plans", {"name": "odd", "features": ["gold"]})
    assert (wrong.status, wrong.json()["field"]) == (422, "features")


async def test_a_tenant_chooses_its_language(ask):
    made = (await ask("POST", "/v1/tenants", {"name": "Lune", "language": "fr"})).json()
    assert made["language"] == "fr"
    asked = (await ask("POST", "/v1/tenants/Lune/invitations", {"email": "a@lune.example", "role": "owner"})).json()
    assert asked["language"] == "fr"
    page = await ask("GET", "/v1/tenants/Lune/statements/now?form=html")
    assert b'<html lang="fr">' in page.body
    changed = await ask("PATCH", "/v1/tenants/Lune", {"language": ""}, **{"If-Match": "*"})
    assert changed.json()["language"] == ""
    wrong = await ask("PATCH", "/v1/tenants/Lune", {"language": "de"}, **{"If-Match": "*"})
    assert (wrong.status, wrong.json()["field"]) == (422, "language")


async def test_an_entry_of_a_stream_whose_scope_is_the_tenant_stops_mail_on_the_others(world, ask):
    entry = {"address": "bob@y.example", "stream": "bulk", "reason": "complaint"}
    await ask("POST", "/v1/tenants/acme/suppressions", entry)
    mail = {"from": "ann@acme.example", "to": ["bob@y.example"], "subject": "hello", "text": "hi"}
    key = world.keys["acme"]["api_key"]
    found = []
    for scope in ("tenant", "stream"):
        await ask("PATCH", "/v1/tenants/acme/streams/bulk", {"suppression": scope}, **{"If-Match": "*"})
        world.services.directory.reload()
        answer = await ask("POST", "/v1/emails", mail, key=key)
        found.append((answer.status, b"complaint" in answer.body))
    assert found == [(403, True), (202, False)]
