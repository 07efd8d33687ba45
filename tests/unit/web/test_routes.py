"""Every route under /v1, as every wrong caller. The route table is the list: a new route is covered as it is added."""

import json
import re
from itertools import chain
from types import MappingProxyType
from typing import Annotated, Any

import pytest
from fastapi import Depends
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import select
from tests.unit.web.asgi import call

from estafette.store.tables.definitions import METADATA
from estafette.tenancy import callers, credentials, operators, suppressions, tenants
from estafette.tenancy import routes as inbound
from estafette.tenancy.permissions import OPERATOR_ONLY, ROLES, Actor, may
from estafette.tenancy.routes import Wish
from estafette.web.api.actor import ANYONE, CREDENTIAL_SCOPES, Caller, May
from estafette.web.app import routes
from estafette.webhooks import route_hooks

FILLED = "0123456789ABC"


def of_role(_office, token, address):
    """A stand-in for log-ins: ``tst_KIND_ROLE_TENANT`` is a user or key of that role in that tenant."""
    _, kind, role, tenant = token.split("_")
    scopes = CREDENTIAL_SCOPES if role == "developer" else frozenset()
    return Actor(kind=kind, id=token, name=role, roles={tenant: role}, scopes=scopes, address=address)


@pytest.fixture
def known(monkeypatch):
    monkeypatch.setattr(callers, "FINDERS", MappingProxyType({**callers.FINDERS, "tst_": of_role}))


def checks(route):
    """Return the May of a route, wherever in its dependencies."""
    todo, found = [route.dependant], []
    while todo:
        each = todo.pop()
        found += [each.call] if isinstance(each.call, May) else []
        todo += each.dependencies
    return found


def table(app):
    found = [each for each in iter_route_contexts(app.routes) if isinstance(each.original_route, APIRoute)]
    return [route for route in found if route.path.startswith("/v1/")]


def is_public(route):
    return (route.openapi_extra or {}).get("security") == []


class Trial:
    """Two tenants and the things of one of them, which everybody else tries to reach."""

    def __init__(self, world):
        office = world.services.office()
        self.world, self.app = world, world.app
        self.acme, self.rival = (office.tenant(name).id for name in ("acme", "rival"))
        self.operator = operators.create(office, "root")["api_key"]
        suppressions.add(office, "acme", "gone@acme.example")
        held = world.keys["acme"]
        ways = route_hooks.of_settings(world.services.settings, office.keyring, office.now)
        made = inbound.create(office, ways, "acme", "acme.example", Wish(pattern="info", way="keep"))
        self.things = {
            "tenant": self.acme, "credential": held["id"], "domain": "acme.example", "name": "acme.example",
            "address": "gone@acme.example", "stream": "transactional", "route": made["id"],
        }  # fmt: skip
        self.marks = [self.acme, held["id"], held["username"], "acme.example"]

    async def ask(self, route, key, path, query=""):
        method = next(iter(route.methods - {"HEAD"}))
        headers = {"Content-Type": "application/json", "If-Match": "*"} | (
            {"Authorization": f"Bearer {key}"} if key else {}
        )
        body = b"{}" if method in {"POST", "PUT", "PATCH"} else b""
        return await call(self.app, method, path + query, body=body, headers=headers)

    def path(self, route, things):
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: things.get(found[1], FILLED), route.path)

    def state(self):
        """Everything that is acme's, and every audit entry."""
        with self.world.services.control.reading() as connection:
            tables = [
                each for each in METADATA.sorted_tables if each.name not in {"change", "last_use", "login_failure"}
            ]
            rows = chain.from_iterable(connection.execute(select(each)).all() for each in tables)
            return [row for row in map(repr, rows) if self.acme in row]

    async def faults(self, route):
        """Return what is wrong with a route, in words."""
        if is_public(route):
            return []
        name = f"{sorted(route.methods)} {route.path}"
        guards = checks(route)
        if not guards:
            return [f"{name}: nobody is checked"]
        path, found = self.path(route, self.things), []
        if (answer := await self.ask(route, "", path)).status != 401:
            found.append(f"{name}: {answer.status} without a key")
        if (answer := await self.ask(route, "est_nobody", path)).status not in {401, 429}:
            found.append(f"{name}: {answer.status} with a false key")
        found += [fault async for fault in self._roles(name, route, guards[0].permission, path)]
        found += [fault async for fault in self._foreigners(name, route, path)]
        return found

    async def _roles(self, name, route, permission, path):
        for kind, role in [("user", role) for role in ROLES] + [("key", "owner"), ("key", "developer")]:
            key = f"tst_{kind}_{role}_{self.acme}"
            actor = of_role(None, key, "")
            allowed = permission == ANYONE or may(actor, permission, self.acme)
            if allowed and route.methods != {"GET"}:
                continue
            answer = await self.ask(route, key, path)
            forbidden = answer.status == 403 and answer.json()["code"] == "forbidden"
            if forbidden == allowed:
                yield f"{name}: {answer.status} as {kind} {role}, {permission} {allowed=} {answer.body}"

    async def _foreigners(self, name, route, path):
        owner, credential = f"tst_user_owner_{self.rival}", self.world.keys["rival"]["api_key"]
        queries = [""] if "{tenant}" in route.path else ["", f"?tenant={self.acme}", "?tenant=acme"]
        for key in (owner, credential):
            for query in queries:
                answer = await self.ask(route, key, path, query)
                if "{tenant}" in route.path or query:
                    wanted = {403, 404, 422} if checks(route)[0].permission in OPERATOR_ONLY else {404, 422}
                    if answer.status not in wanted:
                        yield f"{name}{query}: {answer.status} to a foreigner {answer.body}"
                told = answer.body.decode().replace(path, "").replace(query, "")
                leaks = [mark for mark in self.marks if mark in told and mark not in self.things.values()]
                if leaks or answer.status >= 500:
                    yield f"{name}{query}: {answer.status} tells a foreigner {answer.body}"


async def test_no_route_lets_a_wrong_caller_in(world, known):
    trial = Trial(world)
    before = trial.state()
    faults = []
    assert len(table(routes(world.services))) > 20
    for route in table(routes(world.services)):
        world.services.guard.__init__(world.services.clock)
        faults += await trial.faults(route)
    assert not faults, "\n".join(faults)
    assert trial.state() == before


async def test_a_foreign_tenant_and_none_read_alike(world, known):
    trial = Trial(world)
    for route in table(routes(world.services)):
        if "{tenant}" not in route.path or checks(route)[0].permission in OPERATOR_ONLY:
            continue
        answers = [
            (
                await trial.ask(
                    route, f"tst_user_owner_{trial.rival}", trial.path(route, trial.things | {"tenant": each})
                )
            ).json()
            for each in (trial.acme, FILLED)
        ]
        texts = [
            json.dumps(answer).replace(name, "?") for answer, name in zip(answers, (trial.acme, FILLED), strict=True)
        ]
        assert texts[0] == texts[1], route.path


async def unchecked():
    return {}


def careless(services):
    """A route that asks who calls, and then does not look whose the thing is."""

    async def show(credential: str, caller: Annotated[Caller, Depends(May(services, "read"))]) -> dict[str, Any]:
        return await caller.run(credentials.show, credential)

    return show


async def test_a_route_that_forgets_its_check_is_found(world, known):
    app = routes(world.services)
    app.add_api_route("/v1/planted", unchecked)
    app.add_api_route("/v1/planted/{credential}", careless(world.services))
    trial = Trial(world)
    trial.app = app
    forgotten, looked = [each for each in table(app) if "planted" in each.path]
    assert await trial.faults(forgotten) == ["['GET'] /v1/planted: nobody is checked"]
    assert any("tells a foreigner" in fault for fault in await trial.faults(looked))


async def test_a_client_of_an_agency_is_served_by_the_agencys_people(world, known):
    trial = Trial(world)
    client = tenants.create(world.services.office(), "Client", parent="acme")["id"]
    url = f"/v1/tenants/{client}"
    (route,) = [
        each for each in table(routes(world.services)) if each.path == "/v1/tenants/{tenant}" and "GET" in each.methods
    ]
    statuses = [
        (await trial.ask(route, f"tst_user_{role}_{tenant}", url)).status
        for role, tenant in (("owner", trial.acme), ("reader", trial.acme), ("owner", trial.rival))
    ]
    assert statuses == [200, 404, 404]


async def test_clients_names_are_told_only_to_whoever_acts_for_them(world, known):
    trial = Trial(world)
    tenants.create(world.services.office(), "Client", parent="acme")
    for role in ("owner", "admin", "developer", "marketer", "billing", "reader"):
        headers = {"Authorization": f"Bearer tst_user_{role}_{trial.acme}"}
        found = [
            each["name"]
            for place in ("/v1/tenants", f"/v1/tenants?parent={trial.acme}")
            for each in (await call(trial.app, "GET", place, headers=headers)).json()["items"]
        ]
        assert found == (["acme", "Client", "Client"] if role in {"owner", "admin"} else ["acme"])
