"""The supervisor: starts the processes of ``estafette serve``, restarts them by role, drains them in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket

from prometheus_client.multiprocess import mark_process_dead

from estafette.base import log
from estafette.base.metrics import FOLDER_VARIABLE
from estafette.config.schema import Settings
from estafette.runtime.children import Child, Children
from estafette.runtime.roles import Process, processes
from estafette.runtime.worker import preload, work
from estafette.store.open import folder_of

READY_WITHIN = 60.0
DRAIN_WITHIN = 60.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
STEADY_AFTER = 30.0

_log = log.get("runtime.supervisor")


def serve(settings: Settings, roles: tuple[str, ...] = ()) -> int:
    """Run all roles in the foreground until SIGTERM; returns the exit code."""
    log.configure()
    _prepare_metrics(settings)
    plan = processes(settings, roles)
    preload({role for process in plan for role in process.roles})
    return asyncio.run(_run(settings, plan))


async def _run(settings: Settings, plan: list[Process]) -> int:
    return await Supervisor(settings, plan).run()


class Supervisor:
    """Keeps one child per process of the plan."""

    def __init__(self, settings: Settings, plan: list[Process]) -> None:
        self._settings = settings
        self._plan = plan
        self._forks = Children()
        self._children: dict[str, Child] = {}
        self._stop = asyncio.Event()
        self._failed = False
        self._ended = 0
        self._away: set[str] = set()
        self._up: set[str] = set()

    async def run(self) -> int:
        """Start the store's process, then the others together; print ``ready``, keep alive, drain."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        keepers: list[asyncio.Task[None]] = []
        try:
            for together in (self._plan[:1], self._plan[1:]):
                up = await asyncio.gather(*map(self._bring_up, together))
                if not all(up):
                    return 1
                keepers += [asyncio.create_task(self._keep(process)) for process in together]
                if self._stop.is_set():
                    return 0
            print("ready", flush=True)  # noqa: T201 - the contract's word to whoever started us
            notify("READY=1")
            await self._stop.wait()
        finally:
            notify("STOPPING=1")
            self._stop.set()
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            await self._drain()
        return 1 if self._failed else 0

    async def _bring_up(self, process: Process) -> bool:
        """Start a child; once more when it could not because a neighbour that it needs ended meanwhile."""
        ended = self._ended
        while not await self._start(process):
            if self._ended == ended or self._stop.is_set():
                return False
            ended = self._ended
            while self._away and not self._stop.is_set():  # noqa: ASYNC110 - rare, and soon over
                await asyncio.sleep(FIRST_PAUSE)
        return True

    async def _start(self, process: Process) -> bool:
        """Start one child and wait until it says that its doors are open."""
        reading, writing = os.pipe()
        settings, supervisor = self._settings, os.getpid()
        child = self._forks.fork(f"est-{process.name}", lambda: work(process, settings, writing, supervisor), {writing})
        os.close(writing)
        self._children[process.name] = child
        ready = await _read_ready(reading)
        if ready:
            self._up.add(process.name)
        else:
            _log.error("process_did_not_start", process=process.name)
        return ready

    async def _keep(self, process: Process) -> None:
        """Start a child again whenever it ends by itself, with growing pauses."""
        pause = FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            child = self._children[process.name]
            code = await child.wait()
            mark_process_dead(child.pid, os.environ[FOLDER_VARIABLE])  # type: ignore[no-untyped-call]
            if self._stop.is_set():
                return
            self._ended += 1
            self._up.discard(process.name)
            self._away.add(process.name)
            _log.error("process_ended", process=process.name, code=code)
            pause = FIRST_PAUSE if loop.time() - began > STEADY_AFTER else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)
            if await self._start(process):
                self._away.discard(process.name)

    def _reload(self) -> None:
        for child in self._children.values():
            child.send(signal.SIGHUP)

    async def _drain(self) -> None:
        """Stop the doors first and the store last, so that every outcome can still be settled.

        A child that was still starting holds nothing: however it ends, the stop is clean.
        """
        for process in reversed(self._plan):
            child = self._children.get(process.name)
            if child is None or child.ended.done():
                continue
            child.send(signal.SIGTERM)
            try:
                code = await asyncio.wait_for(child.wait(), DRAIN_WITHIN)
                self._failed = self._failed or (code != 0 and process.name in self._up)
            except TimeoutError:
                _log.error("process_killed_after_drain", process=process.name)
                child.send(signal.SIGKILL)
                self._failed = True


async def _read_ready(reading: int) -> bool:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    try:
        return await asyncio.wait_for(reader.read(1), READY_WITHIN) == b"1"
    except TimeoutError:
        return False
    finally:
        transport.close()


def _prepare_metrics(settings: Settings) -> None:
    """Give the processes a fresh folder for their figures."""
    folder = folder_of(settings.store.url) / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    os.environ[FOLDER_VARIABLE] = str(folder)


def notify(message: str) -> None:
    """Tell the service manager (sd_notify), when there is one."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, contextlib.suppress(OSError):
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.sendall(message.encode())
