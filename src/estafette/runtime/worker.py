"""One process of the service: reads its order from stdin, opens its doors, says so, and drains on SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from typing import Any

import msgspec

from estafette.base import log
from estafette.base.errors import Fault
from estafette.config.schema import Settings
from estafette.runtime.roles import Process

ORPHAN_DRAINS_FOR = 8.0
#: Seconds in which clients still hear 451 from a process whose store has failed.
LAST_WORDS = 0.5

_log = log.get("runtime.worker")


class Order(msgspec.Struct):
    """What the supervisor tells a child: the process to be, all settings, and where to say that it is ready."""

    process: Process
    settings: dict[str, Any]
    ready_fd: int


def main() -> int:
    """Be the process that stdin describes."""
    import uvloop

    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    log.configure()
    settings = Settings.model_validate(order.settings)
    try:
        return uvloop.run(live(order.process, settings, order.ready_fd))
    except Fault as fault:
        _log.error("cannot_start", process=order.process.name, cause=fault.cause, place=fault.place, fix=fault.fix)
        return 1


async def live(process: Process, settings: Settings, ready_fd: int) -> int:
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
    watching = asyncio.create_task(_supervisor_gone(stop))
    await stop.wait()
    watching.cancel()
    await unit.drain()
    return 0


def calm_collector() -> None:
    """Leave what was loaded alone, and look for cycles less often: the path of a message makes none."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _supervisor_gone(stop: asyncio.Event) -> None:
    """A child never outlives its supervisor: it drains when it was adopted by another parent."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.5)
    # The store may drain before the others, who then wait for it in vain. To be cut off is always safe.
    asyncio.get_running_loop().call_later(ORPHAN_DRAINS_FOR, os._exit, 1)
    stop.set()


def _fatal(cause: str) -> None:
    """End after the last words: the store could not sync, refuses everything, and must be opened anew."""
    _log.critical("store_failed_process_stops", cause=cause)
    asyncio.get_running_loop().call_later(LAST_WORDS, os._exit, 70)


if __name__ == "__main__":
    sys.exit(main())
