"""Forgetting a person over HTTP: who may, what it answers, and that mail to them is refused from then on."""

import json
from types import MappingProxyType

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_api import bearer, letter
from tests.unit.web.test_privacy import of_role

from estafette.tenancy import callers

ANN = "Ann@far.example"


@pytest.fixture
def ask(world, monkeypatch):
    monkeypatch.setattr(callers, "FINDERS", MappingProxyType({**callers.FINDERS, "tst_": of_role}))
    tenants = {name: world.services.office().tenant(name).id for name in ("acme", "rival")}

    async def post(role, tenant="acme", body=None, path="/v1/erasures"):
        headers = {"Authorization": f"Bearer tst_user_{role}_{tenants[tenant]}", "Content-Type": "application/json"}
        return await call(world.app, "POST", path, body=json.dumps(body or {"address": ANN}).encode(), headers=headers)

    post.tenants = tenants
    return post


async def send(world, **fields):
    return await call(world.app, "POST", "/v1/emails", body=letter(**fields), headers=bearer(world))


async def test_a_person_is_forgotten_and_never_written_to_again(world, ask):
    assert (await send(world, to=[ANN, "joe@far.example"])).status == 202
    answer = await ask("admin")
    assert answer.status == 201, answer.body
    told = answer.json()
    assert (told["cancelled"], told["contents_kept"], told["kept_until"]) == (1, 1, None)
    assert ANN.lower() not in answer.body.decode().lower()
    log = (await call(world.app, "GET", "/v1/events", headers=bearer(world))).json()["items"]
    assert [each["recipient"] for each in log] == [told["tombstone"], "joe@far.example", told["tombstone"]]
    world.services.directory.reload()
    later = (await send(world, to=["joe@far.example", ANN])).json()["recipients"]
    assert [each["status"] for each in later] == ["accepted", "refused"]


@pytest.mark.parametrize("role", ["developer", "marketer", "billing", "reader"])
async def test_who_does_not_run_the_account_forgets_nobody(world, ask, role):
    assert (await ask(role)).status == 403
    assert not world.services.control.suppressions()


async def test_somebody_elses_tenant_is_not_found(ask):
    answer = await ask("owner", "rival", path=f"/v1/tenants/{ask.tenants['acme']}/erasures")
    assert answer.status == 404


@pytest.mark.parametrize(
    "body", [{"address": "nobody"}, {"address": ""}, {"adress": ANN}, {"address": ANN, "all": True}]
)
async def test_what_is_no_address_is_refused(ask, body):
    assert (await ask("owner", body=body)).status == 422
