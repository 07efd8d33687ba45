"""The listener of recipients in a process without store and database, then with both."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

import pytest
from tests.servers import loopback

from estafette.base.seal import Keyring
from estafette.config.schema import Settings
from estafette.runtime.assemble import assemble
from estafette.runtime.roles import Process
from estafette.store.open import open_store
from estafette.store.tables.control import open_control
from estafette.tenancy import streams, tenants
from estafette.tenancy.office import Office
from estafette.tenancy.streams import Habits
from estafette.tracking import token
from estafette.tracking.token import Target


async def request(port, method, path, body=b""):
    """Return status and headers of one request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{method} {path} HTTP/1.1\r\nHost: t.test\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    writer.write(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return int(lines[0].split()[1]), dict(line.lower().split(": ", 1) for line in lines[1:])


async def until(condition, within=30.0):
    end = time.monotonic() + within
    while not (found := await condition()):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    return found


@pytest.fixture
async def listening(tmp_path):
    """A folder, its keyring, and the port of a process that found nothing else there."""
    port = loopback.port("127.0.0.1")
    keyring = Keyring.create(tmp_path / "keyring")
    settings = Settings.model_validate({
        "store": {"url": f"sqlite://{tmp_path}/data"}, "listen": {"public": [f"127.0.0.1:{port}"]},
        "secrets": {"keyring_file": str(tmp_path / "keyring")}, "limits": {"free_disk": 0},
    })  # fmt: skip
    unit = await assemble(Process("public-1", ("public",), 1), settings, on_fatal=pytest.fail)
    yield tmp_path / "data", keyring, port
    await unit.drain()


async def test_it_answers_before_there_is_a_store_and_hands_everything_over_when_there_is(listening, monkeypatch):
    folder, keyring, port = listening
    tenant = "0123456789ABC"

    def path(kind, **more):
        fields = {
            "message": 5,
            "number": 1,
            "person": b"p" * 12,
            "campaign": "spring",
            "url": "https://shop.test/",
        } | more
        return f"/{kind[0]}/{token.write(keyring, Target(kind, tenant, 'bulk', **fields))}"

    status, headers = await request(port, "GET", path("click"))
    assert (status, urlsplit(headers["location"]).hostname) == (302, "shop.test")
    leave = path("unsubscribe")
    assert (await request(port, "POST", leave, b"List-Unsubscribe=One-Click"))[0] == 200
    assert (await request(port, "GET", path("view")))[0] == 503
    assert (await request(port, "GET", "/passwords/x"))[0] == 503
    assert (await request(port, "GET", "/healthz"))[0] == 200
    assert list((folder / "acts").glob("*.acts"))

    monkeypatch.setattr("estafette.tenancy.tenants.new_id", lambda: tenant)
    control = open_control(folder, upgrade=True)
    office = Office(control=control, keyring=keyring, now=time.time)
    tenants.create(office, "acme")
    streams.update(office, "acme", "bulk", Habits(tracking="individual"))
    control.close()
    store = await open_store(f"sqlite://{folder}", free_disk=0)
    try:
        await until(lambda: _unsubscribed(store))

        async def handed_over():
            return not list((folder / "acts").glob("*.acts"))

        await until(handed_over)

        async def measured():
            await request(port, "GET", path("open"))
            return await store.hits.between(0, time.time() + 60)

        # Until the database was there, whether the person has withdrawn was not known: the first hit names nobody.
        hits = await until(measured)
        assert {hit.kind for hit in hits} == {"opened"}
        assert {hit.message for hit in hits} == {5}
        assert (await request(port, "GET", path("view")))[0] == 404
        assert (await request(port, "GET", "/passwords/x"))[0] == 410
    finally:
        await store.close()


async def _unsubscribed(store):
    await store.spool.flush()
    return [event for event in await store.history.recent() if event.kind == "unsubscribed"]


async def test_it_answers_while_the_store_is_away_for_a_time(listening):
    folder, keyring, port = listening
    control = open_control(folder, upgrade=True)
    office = Office(control=control, keyring=keyring, now=time.time)
    tenant = tenants.create(office, "acme")["id"]
    control.close()
    store = await open_store(f"sqlite://{folder}", free_disk=0)

    async def reached():
        return (await request(port, "GET", view))[0] == 404

    view = f"/v/{token.write(keyring, Target('view', tenant, 'bulk', 5, 1, b'p' * 12))}"
    await until(reached)
    await store.close()
    leave = f"/u/{token.write(keyring, Target('unsubscribe', tenant, 'bulk', 5, 1, b'p' * 12))}"
    click = f"/c/{token.write(keyring, Target('click', tenant, 'bulk', campaign='spring', url='https://shop.test/'))}"
    assert (await request(port, "POST", leave, b"List-Unsubscribe=One-Click"))[0] == 200
    assert (await request(port, "GET", click))[0] == 302
    assert list((folder / "acts").iterdir())
    store = await open_store(f"sqlite://{folder}", free_disk=0)
    try:
        assert len(await until(lambda: _unsubscribed(store))) == 1
    finally:
        await store.close()
