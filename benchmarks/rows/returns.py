"""Reports that come back: the gate keeps them durably while the desk reads them, in one process as on few cores.

Each is a real server's form (``tests/data/returns/golden``), on the return path of a delivered recipient, so that every
one becomes an event in the log; one in a hundred of the replies is a text of its own. What the SMTP session costs is the row ``intake``'s.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from functools import partial
from pathlib import Path

from tests.contract.kit import done, submission

from benchmarks.rows.row import FOLDER, Row, say, spread
from estafette.base.ids import Mint
from estafette.base.seal import Keyring
from estafette.mail import verp
from estafette.mail.returns import reader
from estafette.model.envelope import Envelope, Recipient
from estafette.model.stream import Stream
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.feedback.reports import ReportReader
from estafette.relay.return_desk import BATCH, ReturnDesk
from estafette.relay.submission.client import ClientInfo
from estafette.relay.submission.return_gate import MAC_PURPOSE, MacedReturnPathGate
from estafette.runtime.clock import SystemClock
from estafette.smtp.classification import classify
from estafette.store.open import Store, open_store

REPORTS = 6_000
#: Sessions that wait for their commit at the same time.
SESSIONS = 200
TARGET = 1_500
HOST, OWN = "mx1.bench.example", "bounces.bench.example"
_GOLDEN = Path(__file__).resolve().parents[2] / "tests/data/returns/golden"


def _report(number: int) -> bytes:
    body = (_GOLDEN / "gmail.eml").read_bytes().replace(b"\n", b"\r\n")
    body = body.replace(b"nobody.here@example.test", f"u{number}@example.com".encode())
    return body.replace(b"does not exist", f"does not exist, says host {number % 60},".encode())


async def _sent(store: Store, many: int) -> list[int]:
    """Return messages that were delivered, one recipient each."""
    numbers: list[int] = []
    mint = Mint(time.time, writer=9)
    for start in range(0, many, 500):
        letters = [
            submission(f"u{n}@example.com", id=mint.next(), kind="bulk", stream="news")
            for n in range(start, min(start + 500, many))
        ]
        await store.spool.accept_many(letters)
        await store.spool.settle("w", {}, [done(each.content.id) for each in letters])
        numbers += [each.content.id for each in letters]
    await store.spool.flush()
    return numbers


async def _round(folder: Path) -> tuple[float, float]:
    """Return (reports kept and read per second, CPU milliseconds of one)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    keyring = Keyring.create(folder / "keyring")
    clock = SystemClock()
    store = await open_store(f"sqlite://{folder}/data", role="owner", clock=clock, free_disk=0)
    numbers = await _sent(store, REPORTS)
    domain, mac, verify = OWN, partial(keyring.mac, MAC_PURPOSE), partial(keyring.verify, MAC_PURPOSE)
    gate = MacedReturnPathGate(
        spool=store.spool, keyring=keyring, clock=clock, mint=store.mint, hostname=HOST, return_path=OWN
    )
    journeys = Journeys(store.history)

    def path(address: str) -> tuple[int, int] | None:
        return verp.read(verify, address, domain)

    reports = ReportReader(
        journeys=journeys,
        mint=store.mint,
        path=path,
        remembered=store.spool.remembered,
        stream=lambda tenant, name: Stream(tenant=tenant, name=name, kind="bulk"),
    )
    desk = ReturnDesk(spool=store.spool, clock=clock, readers=[reports], journeys=journeys, path=path)
    waiting = [
        (Envelope("", (Recipient(verp.make(mac, number, 1, OWN), OWN),)), _report(place))
        for place, number in enumerate(numbers)
    ]
    waiting.reverse()

    async def session() -> None:
        while waiting:
            envelope, body = waiting.pop()
            await gate.finish(envelope, body, ClientInfo(address="192.0.2.1"))

    began, cpu = time.perf_counter(), time.process_time()
    sessions = asyncio.gather(*(session() for _ in range(SESSIONS)))
    read = 0
    while read < REPORTS:
        turned = await desk.turn()
        read += turned
        if turned < BATCH:
            await asyncio.sleep(0.1)
    await sessions
    took, used = time.perf_counter() - began, time.process_time() - cpu
    await store.spool.flush()
    bounced = [each for each in await store.history.recent(3 * REPORTS) if each.kind == "bounced"]
    if len({each.message for each in bounced}) != REPORTS or len(bounced) != REPORTS:
        raise RuntimeError(f"{len(bounced)} bounces of {REPORTS} reports")
    await store.close()
    return REPORTS / took, used / REPORTS * 1000


def _pure() -> float:
    """Return reports read per second, without store or attribution."""
    bodies = [_report(number) for number in range(2_000)]
    began = time.perf_counter()
    for body in bodies:
        if reader.read(body, null=True).kind != "report":
            raise RuntimeError("a report was not recognised")
    return len(bodies) / (time.perf_counter() - began)


def returns(rounds: int) -> list[Row]:
    """Measure rounds, each over a fresh store."""
    classify(550, "5.1.1", "so that the rules are loaded")
    rates, costs, pure = [], [], []
    for number in range(rounds):
        rate, cost = asyncio.run(_round(FOLDER / "returns"))
        rates.append(rate)
        costs.append(cost)
        pure.append(_pure())
        say(f"round {number + 1}: {rate:.0f}/s kept and read, {cost:.2f} ms CPU each; {pure[-1]:.0f}/s read alone")
    shutil.rmtree(FOLDER / "returns", ignore_errors=True)
    return [
        Row("reports kept, read and logged per second", f">= {TARGET}", spread(rates), min(rates) >= TARGET),
        Row("reports, CPU ms of one", "-", spread(costs), True),
        Row("reports recognised per second, nothing else", "-", spread(pure), True),
    ]
