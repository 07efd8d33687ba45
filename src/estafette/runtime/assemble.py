"""The composition root: the only place where parts meet. One function per role, folded as the plan says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from estafette.base import log
from estafette.base.metrics import gauge
from estafette.base.seal import Keyring
from estafette.config.schema import Settings
from estafette.events.reader import Place, prune
from estafette.relay.submission.allowances import Allowances
from estafette.relay.submission.login_notes import LoginNotes
from estafette.relay.submission.rejections import Rejections
from estafette.relay.submission.repetition import LASTS
from estafette.runtime.clock import SystemClock
from estafette.runtime.open_directory import OpenDirectory
from estafette.runtime.roles import Process
from estafette.store.open import Store, folder_of, open_store
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy.quota import Quota

REFRESH_EVERY = 1.0
SWEEP_EVERY = 60.0
OBSERVE_EVERY = 2.0

_free = gauge("store_free_bytes", "Free space of the data folder, octets.")
_commit = gauge("store_commit_seconds", "Time of the last commit, sync included.")
_accepting = gauge("store_accepting", "1 while mail is taken, 0 below the free-space watermark.")

_log = log.get("runtime.assemble")


class Unit:
    """The running parts of one process, and how they end: last opened, first closed."""

    def __init__(self, settings: Settings, process: Process) -> None:
        self.settings = settings
        self.process = process
        self.clock = SystemClock()
        self.notes = LoginNotes(self.clock)
        self.allowances = Allowances()
        self.rejections = Rejections(self.clock)
        self.quota: Quota | None = None
        #: Of the janitor: the places of all who read the log, wherever they read; retention waits for them.
        self.readers: list[Place] = []
        self._closers: list[Callable[[], Awaitable[object]]] = []
        self._reloaders: list[Callable[[], object]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._stores: list[Store] = []
        self.store: Store
        self.keyring: Keyring
        self.directory: DirectorySnapshot

    def hold(self, store: Store) -> None:
        """Take the store; it is closed after all parts."""
        self.store = store
        self._stores.append(store)

    def closing(self, close: Callable[[], Awaitable[object]]) -> None:
        """Remember how a part ends."""
        self._closers.append(close)

    def reloading(self, reload: Callable[[], object]) -> None:
        """Remember what SIGHUP does to a part."""
        self._reloaders.append(reload)

    def background(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a part until the process drains; a failure is logged and the part starts again."""
        task = asyncio.create_task(_persist(work))
        self._tasks.append(task)

    def every(self, seconds: float, work: Callable[[], object]) -> None:
        """Call a quick function again and again until the process drains."""

        async def repeat() -> None:
            while True:
                await asyncio.sleep(seconds)
                work()

        self.background(repeat)

    def reload(self) -> None:
        """Read again what may change while running."""
        for reload in self._reloaders:
            reload()

    async def drain(self) -> None:
        """Stop in reverse order of opening."""
        for close in reversed(self._closers):
            await close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for store in self._stores:
            await store.close()


async def assemble(process: Process, settings: Settings, *, on_fatal: Callable[[str], None]) -> Unit:
    """Open everything that a process of these roles needs; Fault when it cannot."""
    unit = Unit(settings, process)
    if process.roles == ("public",):
        await open_public(unit)  # answers before store and database do
        return unit
    owner = "store" in process.roles
    unit.hold(
        await open_store(
            settings.store.url,
            role="owner" if owner else "client",
            clock=unit.clock,
            free_disk=settings.limits.free_disk,
            fatal=lambda fault: on_fatal(fault.cause),
        )
    )
    unit.keyring = await asyncio.to_thread(Keyring.load, settings.secrets.keyring_file)
    await identities(unit, upgrade=owner)
    for role in process.roles:
        await OPENERS[role](unit)
    return unit


async def identities(unit: Unit, *, upgrade: bool) -> None:
    """Open the directory, and keep it fresh (a revocation takes effect in under 5 s)."""
    kind = OpenDirectory if unit.settings.delivery.transport == "capture" else DirectorySnapshot
    folder = folder_of(unit.settings.store.url)
    unit.directory = await asyncio.to_thread(kind.open, folder, unit.keyring, upgrade=upgrade)

    async def refresh() -> None:
        while True:
            await asyncio.sleep(REFRESH_EVERY)
            await unit.directory.refresh()

    unit.background(refresh)


async def open_store_role(_unit: Unit) -> None:
    """The store was opened as owner and serves its socket already."""


async def open_janitor(unit: Unit) -> None:
    """Clear away contents whose retention ended, and events past theirs."""

    async def sweep() -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            now = unit.clock.now()
            await unit.store.spool.sweep(now)
            await prune(unit.store.history, unit.readers, now - unit.settings.retention.events)
            await unit.store.hits.prune(now - unit.settings.retention.hits)
            await asyncio.to_thread(unit.directory.control.receipts.prune, now - LASTS)

    from estafette.runtime.counting import open_counters, open_meter
    from estafette.runtime.hits import open_hit_desk
    from estafette.runtime.post_office import carry_letters
    from estafette.runtime.returns import open_return_desk
    from estafette.runtime.source_watch import watch_sources
    from estafette.runtime.suppressing import open_suppression
    from estafette.runtime.upkeep import keep_domains
    from estafette.runtime.watching import watch_tenants
    from estafette.webhooks.place import WebhookPlace

    unit.readers.append(WebhookPlace(unit.directory.control.webhooks, unit.store.history))
    unit.background(sweep)
    unit.background(lambda: carry_letters(unit))
    unit.background(lambda: keep_domains(unit))
    unit.background(lambda: watch_tenants(unit))
    unit.background(lambda: watch_sources(unit))
    open_meter(unit)
    open_counters(unit)
    open_suppression(unit)
    open_hit_desk(unit)
    open_return_desk(unit)
    unit.every(OBSERVE_EVERY, lambda: _observe(unit))


def _observe(unit: Unit) -> None:
    health = unit.store.spool.health()
    _free.set(health.free_bytes)
    _commit.set(health.commit_ms / 1000)
    _accepting.set(health.accepting)


async def open_intake(unit: Unit) -> None:
    """Open the SMTP doors."""
    from estafette.runtime.intake import open_doors

    await open_doors(unit)


async def open_courier(unit: Unit) -> None:
    """Start a line over this courier's share of the shards, and the notice desk on the first courier."""
    from estafette.runtime.courier import open_line

    await open_line(unit)


async def open_web(unit: Unit) -> None:
    """Open the API, the dashboard and the metrics."""
    from estafette.runtime.web import open_web as opener

    await opener(unit)


async def open_public(unit: Unit) -> None:
    """Open what recipients reach."""
    from estafette.runtime.public import open_public as opener

    await opener(unit)


OPENERS: dict[str, Callable[[Unit], Awaitable[None]]] = {
    "store": open_store_role,
    "janitor": open_janitor,
    "intake": open_intake,
    "courier": open_courier,
    "web": open_web,
    "public": open_public,
}


async def _persist(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:
            _log.error("background_work_failed", exc_info=error)
            await asyncio.sleep(1.0)
        else:
            return
