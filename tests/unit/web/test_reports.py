"""``/v1/reports``: taken as a body, listed, summed; by the right tenant and role alone."""

from __future__ import annotations

import gzip

import pytest
from tests.unit.mail.test_receivers import edited, golden
from tests.unit.web.asgi import call
from tests.unit.web.test_routes import known
from tests.unit.web.world import NOON

from estafette.mail.receivers.reader import LARGEST
from estafette.tenancy import operators

__all__ = ["known"]
TODAY = int(NOON) // 86_400 * 86_400


def recent(name: str = "google.xml", day: int = 1) -> bytes:
    """A golden report about a day of late."""
    begin = TODAY - day * 86_400
    changes = [("1699920000", str(begin))]
    ends = ("1700006399", "1700006400")
    return edited(name, *changes, *((end, str(begin + 86_399)) for end in ends if end.encode() in golden(name)))


@pytest.fixture
def ask(world, known):
    operator = operators.create(world.services.office(), "root")["api_key"]

    async def asked(method, path, body=b"", key=operator):
        return await call(world.app, method, path, body=body, headers={"Authorization": f"Bearer {key}"})

    return asked


def user(world, role, tenant="acme"):
    return f"tst_user_{role}_{world.services.office().tenant(tenant).id}"


async def test_a_report_is_taken_listed_summed_and_shown(ask):
    taken = await ask("POST", "/v1/reports", gzip.compress(recent()))
    assert (taken.status, [each["state"] for each in taken.json()["items"]]) == (200, ["new"])
    again = await ask("POST", "/v1/tenants/acme/reports", recent())
    assert [each["state"] for each in again.json()["items"]] == ["known"]
    (listed,) = (await ask("GET", "/v1/tenants/acme/reports")).json()["items"]
    whole = (await ask("GET", f"/v1/tenants/acme/reports/{listed['id']}")).json()
    assert whole == listed | {"rows": whole["rows"]}
    assert [row["count"] for row in whole["rows"]] == [41, 3]
    sources = (await ask("GET", "/v1/tenants/acme/reports/sources?domain=ACME.example")).json()["items"]
    assert [(each["source"], each["verdict"]) for each in sources] == [
        ("192.0.2.10", "allowed"),
        ("2001:db8::25", "foreign"),
    ]
    (day,) = (await ask("GET", "/v1/tenants/acme/reports/days?days=7")).json()["items"]
    assert (day["messages"], day["passed"], day["ours"]) == (44, 41, 0)


async def test_lists_go_on_by_cursor(ask):
    for day in (1, 2, 3):
        body = recent(day=day).replace(b"4242424242424242424", b"%d" % day)
        assert (await ask("POST", "/v1/reports", body)).json()["items"][0]["state"] == "new"
    first = (await ask("GET", "/v1/tenants/acme/reports?limit=2&kind=dmarc")).json()
    rest = (await ask("GET", f"/v1/tenants/acme/reports?limit=2&after={first['next']}")).json()
    assert [len(each["items"]) for each in (first, rest)] == [2, 1]
    one = (await ask("GET", "/v1/tenants/acme/reports/sources?limit=1")).json()
    assert one["items"][0]["messages"] == 123
    two = (await ask("GET", f"/v1/tenants/acme/reports/sources?limit=1&after={one['next']}")).json()
    assert (two["items"][0]["source"], two["next"]) == ("2001:db8::25", None)


async def test_another_tenant_sees_and_brings_nothing(world, ask):
    await ask("POST", "/v1/reports", recent())
    (listed,) = (await ask("GET", "/v1/reports")).json()["items"]
    rival = user(world, "owner", "rival")
    for path in ("", "/sources", "/days", f"/{listed['id']}"):
        assert (await ask("GET", f"/v1/tenants/acme/reports{path}", key=rival)).status == 404
        assert (await ask("GET", f"/v1/reports{path}?tenant=acme", key=rival)).status == 404
        own = await ask("GET", f"/v1/reports{path}", key=rival)
        assert own.status == 404 if path.startswith("/" + listed["id"]) else own.json()["items"] == []
    brought = await ask("POST", "/v1/reports", recent("yahoo.xml"), key=rival)
    assert [each["state"] for each in brought.json()["items"]] == ["foreign"]
    assert (await ask("POST", "/v1/tenants/acme/reports", recent("yahoo.xml"), key=rival)).status == 404
    assert len((await ask("GET", "/v1/reports")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("role", "reads", "brings"),
    [
        ("owner", 200, 200), ("admin", 200, 200), ("developer", 200, 200), ("marketer", 200, 403), ("reader", 200, 403),
        ("billing", 403, 403),
    ],
)  # fmt: skip
async def test_roles_do_what_they_may(world, ask, role, reads, brings):
    key = user(world, role)
    for path in ("", "/sources", "/days"):
        assert (await ask("GET", f"/v1/reports{path}", key=key)).status == reads
    assert (await ask("POST", "/v1/reports", recent(), key=key)).status == brings
    kept = (await ask("GET", "/v1/reports")).json()["items"]
    assert len(kept) == (1 if brings == 200 else 0)
    for each in kept:
        assert (await ask("GET", f"/v1/reports/{each['id']}", key=key)).status == reads


async def test_an_application_reads_and_does_not_bring(world, ask):
    key = world.keys["acme"]["api_key"]
    assert (await ask("GET", "/v1/reports", key=key)).status == 200
    assert (await ask("POST", "/v1/reports", recent(), key=key)).status == 403


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 422, "neither XML nor JSON"),
        (b"<!DOCTYPE feedback []><feedback/>", 422, "document type"),
        (gzip.compress(gzip.compress(b"<feedback/>", mtime=0), mtime=0), 422, "archive"),
        (gzip.compress(bytes(30 << 20)), 422, "octets when unpacked"),
        (bytes(LARGEST + 1), 413, "octets"),
    ],
)
async def test_a_body_that_is_no_report_is_refused_with_its_reason(world, ask, body, status, said):
    answer = await ask("POST", "/v1/reports", body)
    assert answer.status == status
    assert said in answer.json()["detail"] or answer.status == 413


@pytest.mark.parametrize("query", ["?days=0", "?days=401", "?domain=" + "x" * 300, "?nothing=1"])
async def test_parameters_that_are_none_are_named(ask, query):
    assert (await ask("GET", f"/v1/reports/days{query}")).status == 422
