"""One process of the service: opens its doors, says so, and drains on SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Iterable
from importlib import import_module

import uvloop

from estafette.base import log
from estafette.base.errors import Fault
from estafette.base.metrics import open_metrics
from estafette.config.schema import Settings
from estafette.runtime.roles import Process

ORPHAN_DRAINS_FOR = 8.0
#: Seconds in which clients still hear 451 from a process whose store has failed.
LAST_WORDS = 0.5

_log = log.get("runtime.worker")


#: What each role runs beside what all do: the parent imports it once, before it forks.
_ROOMS = {
    "store": ("store.sqlite.server", "store.sqlite.feeder", "store.sqlite.persons"),
    "janitor": (
        "runtime.counting",
        "runtime.hits",
        "runtime.post_office",
        "runtime.suppressing",
        "runtime.upkeep",
        "runtime.watching",
    ),
    "intake": ("runtime.intake",),
    "courier": ("runtime.courier",),
    "web": ("runtime.web",),
    "public": ("runtime.public",),
}


def preload(roles: Iterable[str]) -> None:
    """Import what processes of these roles will run, and keep the collector away from it."""
    for name in ("runtime.assemble", "store.sqlite.client", *(room for role in roles for room in _ROOMS[role])):
        import_module(f"estafette.{name}")
    calm_collector()


def work(process: Process, settings: Settings, ready_fd: int, supervisor: int) -> int:
    """Be one process until it is told to stop; return its exit code.

    ready_fd: where it says that its doors are open. supervisor: its parent, which it never outlives.
    """
    log.configure()
    open_metrics()
    try:
        return uvloop.run(live(process, settings, ready_fd, supervisor))
    except Fault as fault:
        _log.error("cannot_start", process=process.name, cause=fault.cause, place=fault.place, fix=fault.fix)
        return 1


async def live(process: Process, settings: Settings, ready_fd: int, supervisor: int) -> int:
    """Open, serve until told to stop, drain."""
    from estafette.runtime.assemble import assemble

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    unit = await assemble(process, settings, on_fatal=_fatal)
    loop.add_signal_handler(signal.SIGHUP, unit.reload)
    calm_collector()
    os.write(ready_fd, b"1")
    os.close(ready_fd)
    watching = asyncio.create_task(_supervisor_gone(supervisor, stop))
    await stop.wait()
    watching.cancel()
    await unit.drain()
    return 0


def calm_collector() -> None:
    """Leave what was loaded alone, and look for cycles less often: the path of a message makes none."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _supervisor_gone(supervisor: int, stop: asyncio.Event) -> None:
    """A child never outlives its supervisor: it drains when it was adopted by another parent."""
    while os.getppid() == supervisor:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.5)
    # The store may drain before the others, who then wait for it in vain. To be cut off is always safe.
    asyncio.get_running_loop().call_later(ORPHAN_DRAINS_FOR, os._exit, 1)
    stop.set()


def _fatal(cause: str) -> None:
    """End after the last words: the store could not sync, refuses everything, and must be opened anew."""
    _log.critical("store_failed_process_stops", cause=cause)
    asyncio.get_running_loop().call_later(LAST_WORDS, os._exit, 70)
