"""The listener of recipients over real control tables, a real keyring and a real buffer."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.unit.web.asgi import call

from estafette.base.errors import StoreUnavailable
from estafette.base.ids import Mint
from estafette.base.records import read
from estafette.base.seal import Keyring
from estafette.events.acts import unpacked
from estafette.events.buffer import Buffer
from estafette.events.crowd import Crowd
from estafette.store.tables.control import open_control
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import streams, tenants
from estafette.tenancy.office import Office
from estafette.tenancy.streams import Habits
from estafette.tracking import agents, networks, token
from estafette.tracking.token import Target
from estafette.web.public.clicks import Clicks, Opens
from estafette.web.public.door import Door
from estafette.web.public.measuring import Measuring
from estafette.web.public.pages import Pages
from estafette.web.public.standing import Standing
from estafette.web.public.tokens import Tokens
from estafette.web.public.unsubscribing import Unsubscribing
from estafette.web.public.views import Views

NOW = 1_800_000_000.0
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
PATHS = {"click": "/c/", "open": "/o/", "view": "/v/", "unsubscribe": "/u/"}


class Listener:
    """A door, what it writes down, and tokens that lead to it."""

    def __init__(self, office, directory, folder):
        clock = SimpleNamespace(now=lambda: NOW, monotonic=lambda: NOW)
        self.office, self.directory, self.folder = office, directory, folder
        self.tenant, self.rival = (office.tenant(name).id for name in ("acme", "rival"))
        self.standing, self.messages, self.had = Standing("t.relay.test"), {}, set()
        mint = Mint(lambda: NOW, cell=15)
        self.buffer, self.crowd = Buffer(folder / "acts", "public-1"), Crowd(mint, 600.0)
        tokens, pages = Tokens(office.keyring, self.standing), Pages()
        self.measuring = measuring = Measuring(
            standing=self.standing, buffer=self.buffer, crowd=self.crowd, mint=mint, clock=clock,
            programs=agents.load(), networks=networks.load(),
        )  # fmt: skip
        self.door = Door(
            {
                "/c/": Clicks(tokens, self.standing, measuring, pages),
                "/o/": Opens(tokens, self.standing, measuring),
                "/u/": Unsubscribing(
                    tokens=tokens,
                    standing=self.standing,
                    buffer=self.buffer,
                    mint=mint,
                    clock=clock,
                    pages=pages,
                    wanted=self.wanted,
                ),
                "/v/": Views(tokens, self.standing, self.letter, pages),
            },
            lambda: None,
        )

    def measure(self, tenant, mode):
        """Say what the tenant's bulk stream measures from now on."""
        measure(self.office, tenant, mode)

    async def wanted(self, _target):
        """The topics that the reader has, as the store would tell."""
        if self.had is None:
            raise StoreUnavailable("hangs", place="store")
        return self.had

    async def letter(self, target):
        return self.messages.get((target.message, target.number))

    def refresh(self):
        """What the process does every second."""
        self.directory.reload()
        self.standing.directory = self.directory

    def target(self, kind="click", **more):
        fields = {
            "tenant": self.tenant, "stream": "bulk", "message": 77, "number": 2, "person": b"p" * 12, "campaign": "spring",
            "link": 3, "url": "https://shop.test/a?who=ann#top", "tags": ("a", "b"), "links": 9,
        } | more  # fmt: skip
        return Target(kind, **fields)

    def path(self, kind="click", **more):
        return PATHS[kind] + token.write(self.office.keyring, self.target(kind, **more))

    def shared(self, kind="click", **more):
        """A path of aggregate measuring."""
        return self.path(kind, **({"message": 0, "number": 0, "person": b""} | more))

    async def __call__(self, method, path, **more):
        return await call(self.door, method, path, **more)

    async def acts(self):
        """Everything that is on disk."""
        self.measuring.settle()
        await self.buffer.flush()
        files = (self.folder / "acts").iterdir() if (self.folder / "acts").exists() else ()
        return [act for file in sorted(files) for act in unpacked(read(file))]


def measure(office, tenant, mode):
    streams.update(office, tenant, "bulk", Habits(tracking=mode))


@cache
def _prepared():
    """Two tenants whose bulk mail is measured for each recipient: made once."""
    folder = tempfile.TemporaryDirectory(prefix="estafette-recipients-")
    control = open_control(Path(folder.name), upgrade=True)
    office = Office(control=control, keyring=Keyring.create(Path(folder.name) / "keyring"), now=lambda: NOW)
    for name in ("acme", "rival"):
        tenants.create(office, name)
        measure(office, name, "individual")
    control.close()
    return folder


@pytest.fixture
async def listener(tmp_path):
    shutil.copytree(_prepared().name, tmp_path, dirs_exist_ok=True)
    keyring, control = Keyring.load(tmp_path / "keyring"), open_control(tmp_path)
    office = Office(control=control, keyring=keyring, now=lambda: NOW)
    made = Listener(office, DirectorySnapshot(control, keyring), tmp_path)
    made.refresh()
    running = asyncio.create_task(made.buffer.run())
    yield made
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await made.buffer.close()
    control.close()
