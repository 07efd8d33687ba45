"""Slowed streams over the API: each tenant reads its own, only whoever runs the service slows and lifts."""

from __future__ import annotations

import json
from types import MappingProxyType

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_routes import of_role

from estafette.tenancy import callers, operators, paces


@pytest.fixture
def ask(world, monkeypatch):
    monkeypatch.setattr(callers, "FINDERS", MappingProxyType({**callers.FINDERS, "tst_": of_role}))
    office = world.services.office()
    tenants = {name: office.tenant(name).id for name in ("acme", "rival")}
    root = operators.create(office, "root")["api_key"]

    async def asked(method, path, body=None, *, role="", tenant="acme"):
        key = f"tst_user_{role}_{tenants[tenant]}" if role else root
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        answer = await call(world.app, method, path, body=json.dumps(body or {}).encode(), headers=headers)
        return answer.status, answer.json()

    return asked


@pytest.fixture
def pace(world):
    return str(paces.create(world.services.office(), "acme", "bulk", 100, site="mx.test")["id"])


async def test_who_runs_the_service_slows_and_lifts(ask):
    status, made = await ask("POST", "/v1/paces?tenant=acme", {"stream": "bulk", "per_hour": 90, "hours": 2})
    assert (status, made["per_hour"], made["rule"]) == (201, 90, "operator")
    status, stream = await ask("GET", "/v1/streams/bulk?tenant=acme")
    assert (status, [each["id"] for each in stream["slowed"]]) == (200, [made["id"]])
    status, lifted = await ask("POST", f"/v1/paces/{made['id']}/lift?tenant=acme", {"full": True})
    assert (status, bool(lifted["ended"]), lifted["ended_by"]) == (200, True, "operator:root")
    status, found = await ask("GET", "/v1/paces?tenant=acme")
    assert (status, found["items"]) == (200, [])
    assert len((await ask("GET", "/v1/paces?tenant=acme&ended=true"))[1]["items"]) == 1


async def test_a_tenant_reads_its_own_and_nobody_elses(ask, pace):
    for role in ("owner", "admin", "developer", "reader"):
        _, found = await ask("GET", "/v1/paces", role=role)
        assert [each["id"] for each in found["items"]] == [pace]
        assert (await ask("GET", "/v1/paces", role=role, tenant="rival"))[1]["items"] == []
        assert (await ask("GET", f"/v1/paces/{pace}", role=role, tenant="rival"))[0] == 404
    assert (await ask("POST", f"/v1/paces/{pace}/lift?tenant=rival"))[0] == 404


@pytest.mark.parametrize("role", ["owner", "admin", "developer", "marketer", "billing", "reader"])
async def test_no_role_of_a_tenant_changes_how_fast_it_goes(ask, pace, role):
    for path, body in (("/v1/paces", {"stream": "bulk", "per_hour": 9}), (f"/v1/paces/{pace}/lift", {})):
        status, answer = await ask("POST", path, body, role=role)
        assert (status, answer["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"stream": "bulk", "per_hour": 0}, 422), ({"stream": "bulk"}, 422), ({"stream": "nothing", "per_hour": 5}, 404),
        ({"stream": "personal", "per_hour": 5}, 422), ({"stream": "bulk", "per_hour": 5, "odd": 1}, 422),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused(ask, body, status):
    assert (await ask("POST", "/v1/paces?tenant=acme", body))[0] == status
