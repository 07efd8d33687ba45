"""Tickets over the API: each role what it may, each tenant its own, the service's own for who runs it."""

from __future__ import annotations

import json
from types import MappingProxyType

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_routes import of_role

from estafette.base import ids
from estafette.model.ticket import Ticket
from estafette.tenancy import callers, operators


def letter(tenant: str, identity: str, **more: object) -> Ticket:
    return Ticket(
        id=identity, tenant=tenant, address="abuse@acme.example", sender="joe@home.example", received=10.0, seen=10.0,
        message=int(identity[-1]), likeness=identity, subject="<script>", text="stop\n=cmd", about=1 << 50, number=2,
    )  # fmt: skip


@pytest.fixture
def desk(world, monkeypatch):
    monkeypatch.setattr(callers, "FINDERS", MappingProxyType({**callers.FINDERS, "tst_": of_role}))
    office = world.services.office()
    tenants = {name: office.tenant(name).id for name in ("acme", "rival")}
    for place, tenant in enumerate((tenants["acme"], tenants["rival"], "")):
        world.services.control.tickets.open(letter(tenant, f"TICKET{place}"), alike_since=0.0, most=9)
    root = operators.create(office, "root")["api_key"]

    async def ask(method, path, body=None, *, role="", tenant="acme"):
        key = f"tst_user_{role}_{tenants[tenant]}" if role else root
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        answer = await call(world.app, method, path, body=json.dumps(body or {}).encode(), headers=headers)
        return answer.status, answer.json()

    return ask


async def test_a_tenant_reads_its_own_and_whoever_runs_the_service_all(desk):
    for role in ("owner", "admin", "developer"):
        _, found = await desk("GET", "/v1/tickets", role=role)
        assert [each["id"] for each in found["items"]] == ["TICKET0"]
    _, found = await desk("GET", "/v1/tickets")
    assert {each["id"] for each in found["items"]} == {"TICKET0", "TICKET1", "TICKET2"}
    _, found = await desk("GET", "/v1/tickets?tenant=rival")
    assert [each["id"] for each in found["items"]] == ["TICKET1"]
    _, ticket = await desk("GET", "/v1/tickets/TICKET0", role="owner")
    assert (ticket["subject"], ticket["text"], ticket["about"]) == ("<script>", "stop\n=cmd", ids.show(1 << 50) + ".2")


@pytest.mark.parametrize("role", ["marketer", "billing", "reader"])
async def test_letters_of_strangers_are_not_for_every_role(desk, role):
    for method, path in (("GET", "/v1/tickets"), ("GET", "/v1/tickets/TICKET0"), ("POST", "/v1/tickets/TICKET0/close")):
        status, answer = await desk(method, path, role=role)
        assert (status, answer["code"]) == (403, "forbidden")


async def test_a_foreign_ticket_and_one_of_the_service_are_not_there(desk):
    for place in (1, 2, 7):
        for method, path in (("GET", ""), ("POST", "/close"), ("POST", "/reopen")):
            status, answer = await desk(method, f"/v1/tickets/TICKET{place}{path}", role="owner")
            assert (status, answer["code"]) == (404, "not_found")
    _, found = await desk("GET", "/v1/tickets")
    assert {each["state"] for each in found["items"]} == {"open"}


async def test_it_is_closed_once_with_a_note_and_opened_again(desk, world):
    status, closed = await desk("POST", "/v1/tickets/TICKET0/close", {"note": "answered"}, role="developer")
    assert (status, closed["state"], closed["note"], closed["closed_by"]) == (
        200,
        "closed",
        "answered",
        "user:developer",
    )
    status, _ = await desk("POST", "/v1/tickets/TICKET0/close", role="developer")
    assert status == 422
    _, found = await desk("GET", "/v1/tickets?state=open", role="owner")
    assert found["items"] == []
    status, opened = await desk("POST", "/v1/tickets/TICKET0/reopen", role="owner")
    assert (status, opened["state"], opened["closed"], opened["note"]) == (200, "open", None, "answered")
    acts = [each.action for each in world.services.control.audit() if each.action.startswith("ticket")]
    assert acts == ["ticket.reopen", "ticket.close"]
    status, _ = await desk("POST", "/v1/tickets/TICKET0/close", {"note": "x" * 2_001}, role="owner")
    assert status == 422
