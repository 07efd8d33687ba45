"""The HTTP application over a real store, real control tables and the real gate; two tenants share it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send

from estafette.base.seal import Keyring
from estafette.config.schema import Settings
from estafette.relay.submission.gate import Gate
from estafette.relay.submission.login_notes import LoginNotes
from estafette.relay.submission.rejections import Rejections
from estafette.store.open import open_store
from estafette.store.tables.control import open_control
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import credentials, domains, proof, tenants
from estafette.tenancy.office import Office
from estafette.tenancy.published import Published
from estafette.web.app import create_app
from estafette.web.services import Services

#: When every world begins: 2027-01-15, 12:00 UTC. No test of the web may depend on the time of day, so none reads the
#: machine's clock.
NOON = 1_800_014_400.0


class Midday:
    """A ``base.clock.Clock`` that goes on from noon, so that what comes later is told later; ``ahead`` seconds more."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.ahead = 0.0

    def now(self) -> float:
        return NOON + self.ahead + time.monotonic() - self._began

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


@cache
def _prepared() -> tuple[tempfile.TemporaryDirectory[str], dict[str, dict[str, Any]]]:
    """Tenants acme and rival, each with a proved domain and a credential: made once, since keys take long to make."""
    folder = tempfile.TemporaryDirectory(prefix="estafette-world-")
    place = Path(folder.name)
    control = open_control(place, upgrade=True)
    office = Office(control=control, keyring=Keyring.create(place / "keyring", now=NOON), now=Midday().now)
    keys = {}
    for name in ("acme", "rival"):
        tenants.create(office, name)
        domains.add(office, name, f"{name}.example")
        proof.verify(office, f"{name}.example")
        keys[name] = credentials.create(office, name)
    control.close()
    return folder, keys


class _Whose:
    """The services of the world whose request is being answered."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_present.get(), name)


_present: ContextVar[Services] = ContextVar("present")


@cache
def _rooms() -> ASGIApp:
    """Build the application once for all worlds with these settings: that takes longer than most tests of it."""
    return create_app(cast("Services", _Whose()))


def _app(services: Services) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        _present.set(services)
        await _rooms()(scope, receive, send)

    return answer


@asynccontextmanager
async def open_world(
    place: Path, settings: dict[str, Any] | None = None, more: Callable[[Office], object] = lambda _office: None
) -> AsyncIterator[SimpleNamespace]:
    """Yield app, services, store, its clock, and the tenants' keys. more: what else the tenants have before the first request."""
    folder, keys = _prepared()
    shutil.copytree(folder.name, place, dirs_exist_ok=True)
    limits = {"free_disk": 0, "message_size": 600_000}
    known = Settings.model_validate({"store": {"url": f"sqlite://{place}"}, "limits": limits, **(settings or {})})
    clock = Midday()
    keyring, control = Keyring.load(place / "keyring"), open_control(place)
    more(Office(control=control, keyring=keyring, now=clock.now))
    directory = DirectorySnapshot(control, keyring)
    directory.reload()
    store = await open_store(f"sqlite://{place}", clock=clock, free_disk=0)
    gate = Gate(
        directory=directory, limits=known.limits, retention=known.retention, delivery=known.delivery,
        clock=clock, mint=store.mint, hostname="localhost",
    )  # fmt: skip
    services = Services(
        settings=known, directory=directory, gate=gate, spool=store.spool, history=store.history,
        statistics=store.statistics, persons=store.persons, rejections=Rejections(clock),
        mint=store.mint, clock=clock, keyring=keyring, control=control,
        notes=LoginNotes(clock), names=Published([("127.0.0.1", 1)]),
    )  # fmt: skip
    app = create_app(services) if settings else _app(services)
    yield SimpleNamespace(app=app, services=services, keys=dict(keys), store=store, clock=clock)
    await store.close()
    control.close()
