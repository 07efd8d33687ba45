"""Employees' letters are theirs: every view of them, as everybody else of the tenant and after the glass was broken."""

import json
from types import MappingProxyType

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_api import bearer, letter

from estafette.tenancy import audit, callers, credentials, letters, looks
from estafette.tenancy.permissions import Actor, Forbidden

SECRET = "notary@lawyer.example"


def of_role(_office, token, address):
    _, kind, role, tenant = token.split("_")
    scopes = frozenset({"read"})
    return Actor(
        kind=kind, id=token[:32], name=f"{role}@acme.example", roles={tenant: role}, scopes=scopes, address=address
    )


class Office:
    """A tenant with one employee's letter in the queue and in the log."""

    def __init__(self, world):
        self.world = world
        self.office = world.services.office()
        self.acme = self.office.tenant("acme").id
        self.sender = credentials.create(self.office, "acme", username="ann@acme.example", stream="personal")
        self.colleague = credentials.create(self.office, "acme", username="bob@acme.example", stream="personal")
        world.services.directory.reload()

    async def ask(self, method, path, key, body=None):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else b""
        return await call(self.world.app, method, path, body=data, headers=headers)

    def person(self, role="owner", kind="user"):
        return f"tst_{kind}_{role}_{self.acme}"

    async def views(self, key):
        """Return everything that a caller is told of the letter, in one text."""
        paths = ["/v1/events", "/v1/queue", f"/v1/emails/{self.id}", "/v1/emails", f"/v1/emails/{self.id}/content"]
        return "".join([(await self.ask("GET", path, key)).body.decode() for path in paths])

    async def write(self):
        headers = bearer(self.world) | {"Authorization": f"Bearer {self.sender['api_key']}"}
        body = letter(to=[SECRET], subject="my divorce")
        answer = await call(self.world.app, "POST", "/v1/emails", body=body, headers=headers)
        assert answer.status == 202, answer.body
        self.id = answer.json()["id"]
        await self.world.store.spool.flush()


@pytest.fixture
async def trial(world, monkeypatch):
    monkeypatch.setattr(callers, "FINDERS", MappingProxyType({**callers.FINDERS, "tst_": of_role}))
    made = Office(world)
    await made.write()
    return made


async def test_the_sender_sees_its_own_letter(trial):
    text = await trial.views(trial.sender["api_key"])
    assert text.count(SECRET) >= 2


async def test_nobody_else_learns_whom_it_went_to(trial):
    keys = [trial.colleague["api_key"], trial.world.keys["acme"]["api_key"], trial.person("admin"), trial.person()]
    keys += [trial.person("developer", "key"), trial.person("reader")]
    for key in keys:
        text = await trial.views(key)
        assert "lawyer" not in text, key
        assert "divorce" not in text, key
        assert (await trial.ask("GET", "/v1/queue", key)).json()["items"][0]["private"] is True


async def test_asking_for_an_address_tells_nothing(trial):
    for query in (f"recipient={SECRET}", "domain=lawyer.example"):
        assert (await trial.ask("GET", f"/v1/queue?{query}", trial.colleague["api_key"])).json()["items"] == []
        assert len((await trial.ask("GET", f"/v1/queue?{query}", trial.sender["api_key"])).json()["items"]) == 1


async def test_an_owner_breaks_the_glass_and_the_sender_is_told(trial):
    reason = "a court order names this person"
    for caller in (trial.person("admin"), trial.person("owner", "key"), trial.sender["api_key"]):
        body = {"credential": trial.sender["id"], "reason": reason}
        assert (await trial.ask("POST", "/v1/looks", caller, body)).status == 403
    short = {"credential": trial.sender["id"], "reason": "x"}
    assert (await trial.ask("POST", "/v1/looks", trial.person(), short)).status == 422
    opened = await trial.ask("POST", "/v1/looks", trial.person(), {"credential": "ann@acme.example", "reason": reason})
    assert opened.status == 201, opened.body
    assert "lawyer" in (await trial.ask("GET", "/v1/queue", trial.person())).body.decode()
    assert "lawyer" in (await trial.ask("GET", "/v1/events", trial.person())).body.decode()
    assert "lawyer" not in await trial.views(trial.person("admin"))
    (told,) = trial.office.control.people.letters(10)
    assert told.address == "ann@acme.example"
    assert reason in letters.read(trial.office.keyring, told).text
    acts = [each["action"] for each in audit.list_all(trial.office, tenant="acme")["items"]]
    assert acts.count("look.open") == 1
    assert acts.count("look.use") == 2
    closed = await trial.ask("DELETE", f"/v1/looks/{opened.json()['id']}", trial.person())
    assert closed.json()["open"] is False
    assert "lawyer" not in (await trial.ask("GET", "/v1/queue", trial.person())).body.decode()


async def test_the_operator_has_no_glass_to_break(trial):
    with pytest.raises(Forbidden, match="only an owner"):
        looks.create(trial.office, "acme", trial.sender["id"], "because the operator can")


async def test_asking_the_log_for_what_it_hides_tells_nothing(trial):
    for position, blob in await trial.world.store.spool.outbox(0):
        await trial.world.store.history.append([(position, blob)])
    for key, seen in ((trial.colleague["api_key"], 0), (trial.person("reader"), 0), (trial.sender["api_key"], 1)):
        answer = await trial.ask("GET", f"/v1/events?recipient={SECRET}", key)
        assert len(answer.json()["items"]) == seen, key
