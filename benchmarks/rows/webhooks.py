"""Webhooks: calls a second from the event log to five endpoints, and what one call costs."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvloop

from benchmarks.rows.row import FOLDER, Row, say, spread
from estafette.base.ids import Mint
from estafette.base.seal import Keyring
from estafette.model.event import Event, Reply, pack
from estafette.net.client_tls import verified
from estafette.net.posting import Poster
from estafette.net.resolver import Resolver
from estafette.runtime.clock import SystemClock
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.tables.control import ControlTables, open_control
from estafette.tenancy import tenants
from estafette.tenancy.office import Office, new_id
from estafette.webhooks import endpoints, standard
from estafette.webhooks.caller import Caller
from estafette.webhooks.dispatcher import Dispatcher
from estafette.webhooks.endpoints import Wish
from estafette.webhooks.form import Origin
from estafette.webhooks.rules import Rules
from estafette.webhooks.targets import Targets

ENDPOINTS, EVENTS, CALLS_AT_ONCE = 5, 4_000, 8
_CALLS = ENDPOINTS * EVENTS
_ALLOW = ["127.0.0.0/8"]


def webhooks(rounds: int) -> list[Row]:
    """The receiver has a core of its own where there are two; the log is filled before the clock starts."""
    measured = [_round(number) for number in range(rounds)]
    for rate, cost in measured:
        say(f"{rate:.0f} calls/s, {cost:.0f} us")
    rates, costs = ([each[place] for each in measured] for place in (0, 1))
    return [
        Row("webhooks, calls per second to 5 endpoints", ">= 1000", spread(rates), min(rates) >= 1000),
        Row("webhooks, CPU us per call", "-", spread(costs), True),
    ]


def _round(number: int) -> tuple[float, float]:
    cores = sorted(os.sched_getaffinity(0))
    folder = FOLDER / f"webhooks-{number}"
    receiver = subprocess.Popen([sys.executable, "-m", "benchmarks.caught"], stdout=subprocess.PIPE, text=True)
    try:
        if len(cores) > 1:
            os.sched_setaffinity(receiver.pid, {cores[-1]})
            os.sched_setaffinity(0, set(cores[:-1]))
        assert receiver.stdout is not None
        port = int(receiver.stdout.readline())
        return uvloop.run(_work(folder, f"http://127.0.0.1:{port}/hook"))
    finally:
        os.sched_setaffinity(0, set(cores))
        receiver.terminate()
        receiver.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def _work(folder: Path, url: str) -> tuple[float, float]:
    control, history = open_control(folder, upgrade=True), SqliteHistory(folder)
    keyring, clock = Keyring.create(folder / "keyring"), SystemClock()
    office = Office(control=control, keyring=keyring, now=time.time)
    tenant = str(tenants.create(office, "bench")["id"])
    poster = Poster(Resolver([("127.0.0.1", 1)]), _ALLOW, within=20.0, tls=verified())
    dispatcher = _dispatcher(control, history, keyring, clock, poster)
    try:
        for place in range(ENDPOINTS):
            wish = Wish(url=f"{url}/{place}", concurrency=CALLS_AT_ONCE)
            endpoints.create(office, Targets(allow_http=True, allow=_ALLOW), "bench", wish)
        await dispatcher.turn()
        await history.append(_log(tenant))
        began, spent = time.perf_counter(), time.process_time()
        while control.webhooks.readers()[0].cursor < EVENTS or control.webhooks.backlogs():
            await dispatcher.turn()
        took, cpu = time.perf_counter() - began, time.process_time() - spent
        return _CALLS / took, cpu / _CALLS * 1e6
    finally:
        await poster.close()
        await history.close()
        control.close()


def _dispatcher(
    control: ControlTables, history: SqliteHistory, keyring: Keyring, clock: SystemClock, poster: Poster
) -> Dispatcher:
    async def origins(_messages: Sequence[int]) -> Mapping[int, Origin]:
        return {}

    return Dispatcher(
        webhooks=control.webhooks, history=history, keyring=keyring, caller=Caller(poster, clock), clock=clock,
        rules=Rules(waits=(5.0,), disable_after=1e6, keep=1e6), forms={"standard": standard.FORM},
        personal=lambda *_: False, origins=origins, disable=lambda *_: None, new_id=new_id,
    )  # fmt: skip


def _log(tenant: str) -> list[tuple[int, bytes]]:
    chance, mint = random.Random(7), Mint(time.time)
    return [
        (place, pack(
            Event(
                id=mint.next(), at=time.time(), kind="delivered", tenant=tenant, stream="bulk", message=mint.next(),
                number=1, recipient=f"user{place}@example.net", campaign="spring", attempt=1,
                reply=Reply(250, "2.0.0", "ok queued as 4XYZ"), site="example.net", size=chance.randrange(90_000),
                tags=("news",), metadata={"order": str(place)},
            )
        ))
        for place in range(1, EVENTS + 1)
    ]  # fmt: skip
