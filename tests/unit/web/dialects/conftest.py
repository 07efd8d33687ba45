"""The HTTP application over a real store, real control tables and the real gate, for those who speak a dialect."""

import base64
import json
from functools import partial

import pytest
from tests.unit.web import asgi
from tests.unit.web.world import open_world

from estafette.tenancy import credentials, suppressions
from estafette.tenancy.permissions import Actor


@pytest.fixture
async def world(tmp_path):
    """Tenants acme and rival, each with a domain and a credential; nobody@y.example is suppressed for acme."""
    more = partial(suppressions.add, tenant="acme", address="nobody@y.example", reason="manual")
    async with open_world(tmp_path, {"dialects": {"mailjet": ["API.mail.example"]}}, more) as made:
        yield made


@pytest.fixture
def call(world):
    """Ask the application as an account; returns the answer."""

    async def ask(method, url, body=None, *, account="acme", headers=None, raw=None):
        key = world.keys.get(account)
        pair = base64.b64encode(f"{key['username']}:{key['password']}".encode()).decode() if key else ""
        fields = {"Content-Type": "application/json", **({"Authorization": f"Basic {pair}"} if key else {})}
        octets = raw if raw is not None else json.dumps(body).encode() if body is not None else b""
        return await asgi.call(world.app, method, url, body=octets, headers=fields | (headers or {}))

    return ask


@pytest.fixture
def feed(world):
    """Give the history what the outbox holds, as the service does all the time."""

    async def feed():
        for position, blob in await world.store.spool.outbox(0):
            await world.store.history.append([(position, blob)])

    return feed


@pytest.fixture
def personal(world):
    """The name of an account that is a colleague's own: another credential of acme, of the personal stream."""
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    world.keys["colleague"] = credentials.create(office, "acme", stream="personal")
    world.services.directory.reload()
    return "colleague"


@pytest.fixture
def brevo(world, call):
    """Ask Brevo's dialect with the api_key of an account's credential, or another key; returns status and answer."""

    async def ask(method, path, body=None, *, key=None, account="acme", **more):
        held = {"api-key": world.keys[account]["api_key"] if key is None else key}
        answer = await call(method, f"/brevo{path}", body, account="", headers=held, **more)
        return answer.status, answer.json() if answer.body else None

    return ask
