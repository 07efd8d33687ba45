"""A dispatcher over real tables and a real log, and a real receiver."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

import pytest
from tests.unit.webhooks.receiver import open_receiver

from estafette.base.ids import Mint
from estafette.base.seal import Keyring
from estafette.model.event import Event, pack
from estafette.net.client_tls import verified as tls
from estafette.net.posting import Poster
from estafette.net.resolver import Resolver
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.tables.control import open_control
from estafette.tenancy import letters, tenants
from estafette.tenancy.office import Office, new_id
from estafette.webhooks import endpoints, log, standard
from estafette.webhooks.caller import Caller
from estafette.webhooks.dispatcher import Dispatcher
from estafette.webhooks.endpoints import Wish
from estafette.webhooks.form import Form
from estafette.webhooks.rules import Rules
from estafette.webhooks.targets import Targets

DAY = 86_400.0


@cache
def _prepared():
    """Tables with one tenant, and a keyring: made once, since migrations take long."""
    folder = tempfile.TemporaryDirectory(prefix="estafette-yard-")
    place = Path(folder.name)
    control = open_control(place, upgrade=True)
    office = Office(control=control, keyring=Keyring.create(place / "keyring"), now=time.time)
    tenants.create(office, "acme")
    control.close()
    return folder


class Hands:
    """A clock that goes on by itself, and can be put forward."""

    def __init__(self):
        self.ahead = 0.0

    def now(self):
        return time.time() + self.ahead

    monotonic = staticmethod(time.monotonic)


class Yard:
    """Everything around one dispatcher."""

    def __init__(self, folder, receiver):
        self.folder, self.receiver = folder, receiver
        self.clock = Hands()
        shutil.copytree(_prepared().name, folder, dirs_exist_ok=True)
        self.keyring = Keyring.load(folder / "keyring")
        self.control = open_control(folder)
        self.office = Office(control=self.control, keyring=self.keyring, now=self.clock.now)
        self.history = SqliteHistory(folder)
        self.mint = Mint(self.clock.now)
        self.place = 0
        self.targets = Targets(allow_http=True, allow=["127.0.0.0/8"])
        self.tenant = self.office.tenant("acme").id
        self.resolver = Resolver([("127.0.0.1", 1)])
        self.open, self.dead = [], []
        self.origins = {}

    def webhook(self, tenant="acme", **wish):
        return endpoints.create(self.office, self.targets, tenant, Wish(**{"url": self.receiver.url, **wish}))

    async def happened(self, *kinds, message=0, tenant="", **fields):
        """Write events of one message to the log, and return them."""
        message = message or self.mint.next()
        made = []
        for kind in kinds:
            given = {"stream": "transactional", "recipient": "ann@example.net", "number": 1, **fields}
            made.append(
                Event(
                    id=self.mint.next(),
                    at=self.clock.now(),
                    kind=kind,
                    tenant=tenant or self.tenant,
                    message=message,
                    **given,
                )
            )
        await self.append(made)
        return made

    async def append(self, events):
        rows = []
        for event in events:
            self.place += 1
            rows.append((self.place, pack(event)))
        await self.history.append(rows)

    def dispatcher(self, **how):
        within = how.pop("within", 1.0)
        poster = Poster(self.resolver, ["127.0.0.0/8"], within=within, own=how.pop("own", ()), tls=tls())
        rules = {"waits": [1000.0, 2000.0, 4000.0], "disable_after": 5 * DAY, "keep": 7 * DAY, **how.pop("rules", {})}

        async def origins(_messages):
            return self.origins

        made = Dispatcher(
            webhooks=how.pop("webhooks", self.control.webhooks), history=self.history, keyring=self.keyring,
            caller=Caller(poster, self.clock), clock=self.clock, rules=Rules(**rules),
            forms={"standard": standard.FORM, "mailjet": Form(standard.write, group=100), **how.pop("forms", {})},
            personal=lambda _tenant, stream: stream == "personal", origins=origins,
            disable=lambda webhook, why: endpoints.disable(self.office, webhook, why), new_id=new_id,
        )  # fmt: skip
        self.open.append((made, poster))
        return made

    def calls(self, webhook, **how):
        return log.list_all(self.office, "acme", webhook["id"], **how)["items"]

    def shown(self, webhook):
        return endpoints.show(self.office, "acme", webhook["id"])

    def letters(self):
        return [letters.read(self.keyring, each) for each in self.control.people.letters(9)]

    async def work(self, dispatcher, until, seconds=20.0):
        """Turn until something is so."""
        ends = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < ends, "it never came to be"
            if not await dispatcher.turn():
                await asyncio.sleep(0.01)

    def forget(self, dispatcher):
        """Treat a dispatcher as killed: it does nothing any more."""
        for outlet in dispatcher._stock.outlets.values():
            for task in outlet._tasks:
                task.cancel()
        self.open = [(each, poster) for each, poster in self.open if each is not dispatcher or self.dead.append(poster)]

    async def close(self):
        for dispatcher, poster in self.open:
            dispatcher.stop()
            await dispatcher.run()
            await poster.close()
        for poster in self.dead:
            await poster.close()
        await self.history.close()
        self.control.close()


@pytest.fixture
async def receiver():
    async with open_receiver() as made:
        yield made


@pytest.fixture
async def yard(tmp_path, receiver):
    made = Yard(tmp_path, receiver)
    yield made
    await made.close()
