"""Suppressions over HTTP: one, many, whole lists in and out; who may; and that a refusal is an event."""

import json
from types import MappingProxyType

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_api import bearer, letter
from tests.unit.web.test_privacy import of_role

from estafette.store.interface.records import Suppression
from estafette.tenancy import audit, callers


@pytest.fixture
def ask(world, monkeypatch):
    monkeypatch.setattr(callers, "FINDERS", MappingProxyType({**callers.FINDERS, "tst_": of_role}))
    tenants = {name: world.services.office().tenant(name).id for name in ("acme", "rival")}

    async def asked(method, path, body=None, *, role="marketer", tenant="acme", kind="application/json"):
        headers = {"Authorization": f"Bearer tst_user_{role}_{tenants[tenant]}", "Content-Type": kind}
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return await call(world.app, method, f"/v1/suppressions{path}", body=data, headers=headers)

    asked.tenants = tenants
    return asked


def entries(world, tenant="acme"):
    return world.services.control.suppressions(world.services.office().tenant(tenant).id)


async def test_an_entry_shows_its_end_and_its_evidence(world, ask):
    made = await ask("POST", "", {"address": "*@Gone.example", "stream": "bulk", "expires": "2099-01-01T00:00:00Z"})
    assert made.status == 201, made.body
    told = made.json()
    assert (told["address"], told["expires"], told["evidence"]) == ("*@gone.example", "2099-01-01T00:00:00Z", None)
    seen = Suppression(
        tenant=ask.tenants["acme"], stream="", address="bob@far.example", reason="bounced", created=1.0, event=5,
        message=7, reply="550 5.1.1 no such user", observed=1_700_000_000.0,
    )  # fmt: skip
    world.services.control.stops.write([seen], None)
    found = (await ask("GET", "?reason=bounced")).json()["items"]
    assert [each["evidence"] for each in found] == [
        {"event": "0000000000005", "message": "0000000000007", "reply": "550 5.1.1 no such user",
         "at": "2023-11-14T22:13:20Z"},
    ]  # fmt: skip


async def test_many_are_added_all_or_none_and_released(world, ask):
    several = [{"address": f"p{n}@far.example"} for n in range(5)]
    made = await ask("POST", "/batch", {"suppressions": several})
    assert (made.status, made.json()["taken"], made.json()["added"]) == (201, 5, 5)
    wrong = await ask("POST", "/batch", {"suppressions": [{"address": "new@far.example"}, {"address": "nobody"}]})
    assert wrong.status == 422
    assert len(entries(world)) == 5
    gone = await ask("POST", "/release", {"addresses": ["P1@far.example", "*@far.example", "p2@far.example"]})
    assert gone.json() == {"tenant": ask.tenants["acme"], "asked": 3, "removed": 2}
    acts = [each["action"] for each in audit.list_all(world.services.office(), tenant="acme")["items"]]
    assert acts[:2] == ["suppression.release_many", "suppression.add_many"]


async def test_a_list_goes_out_and_comes_in_again(world, ask):
    await ask("POST", "/batch", {"suppressions": [{"address": f"p{n}@far.example", "reason": "x,y"} for n in range(3)]})
    out = await ask("GET", "/export")
    assert (out.status, out.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    before = entries(world)
    await ask("POST", "/release", {"addresses": [each.address for each in before]})
    back = await ask("POST", "/import", out.body, kind="text/csv")
    assert (back.status, back.json()["form"], back.json()["added"]) == (200, "estafette", 3)
    assert (await ask("GET", "/export")).body == out.body
    again = await ask("POST", "/import?stream=bulk", b"email,created\nq@far.example,1\nnobody,1\n", kind="text/csv")
    assert (again.json()["taken"], again.json()["refused"]) == (1, 1)
    assert again.json()["first_refused"][0]["line"] == 3
    assert (await ask("POST", "/import", b"colour\nred\n", kind="text/csv")).status == 422
    acts = [
        each["action"] for each in audit.list_all(world.services.office(), tenant="acme", action="suppression")["items"]
    ]
    assert acts.count("suppression.import") == 2


@pytest.mark.parametrize("path", ["", "/batch", "/release", "/import"])
@pytest.mark.parametrize(("role", "tenant", "status"), [("reader", "acme", 403), ("owner", "rival", 404)])
async def test_who_may_not_changes_nothing(world, ask, path, role, tenant, status):
    bodies = {
        "": {"address": "a@far.example"}, "/batch": {"suppressions": [{"address": "a@far.example"}]},
        "/release": {"addresses": ["a@far.example"]}, "/import": b"a@far.example\n",
    }  # fmt: skip
    where = f"{path}?tenant={ask.tenants['acme']}"
    assert (await ask("POST", where, bodies[path], role=role, tenant=tenant)).status == status
    assert entries(world) == ()
    assert (await ask("GET", f"/export?tenant={ask.tenants['acme']}", role="owner", tenant="rival")).status == 404


async def test_a_suppressed_recipient_of_a_letter_is_an_event(world, ask):
    await ask("POST", "", {"address": "*@gone.example", "reason": "manual"})
    world.services.directory.reload()
    answer = await call(
        world.app, "POST", "/v1/emails", body=letter(to=["joe@far.example", "ann@gone.example"]), headers=bearer(world)
    )
    assert [each["status"] for each in answer.json()["recipients"]] == ["accepted", "refused"]
    await world.services.rejections.flush(world.services.spool)
    await world.store.spool.flush()
    log = (await call(world.app, "GET", "/v1/events?kind=rejected", headers=bearer(world))).json()["items"]
    assert [(each["recipient"], each["reason"]) for each in log] == [("ann@gone.example", "suppressed")]
    assert "suppression list (manual)" in log[0]["reply"]["text"]
