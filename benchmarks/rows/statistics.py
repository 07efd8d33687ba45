"""Counters: what a million events cost on their way into them, and how soon a month of ten million is read.

The million goes the real way: packed events in history.db, read in batches, counted, written with the cursor. The month
is written as ten million events would leave it: the events of one day are generated and counted, hour by hour, and
their counters repeated for each of thirty days, five of sixty campaigns at a time. Questions are asked through
``reporting.answer``, as the API does; of pairs, for one campaign.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import time
from collections.abc import Iterator

from benchmarks.rows.row import FOLDER, Row, spread
from estafette.base.ids import Mint
from estafette.events.reader import read_on
from estafette.model.event import Event, Reply, pack
from estafette.model.tracking import Hit
from estafette.reporting.admission import Admission
from estafette.reporting.answer import answer
from estafette.reporting.counting import count, places
from estafette.reporting.desk import CountingDesk
from estafette.reporting.periods import Span
from estafette.reporting.question import Question, grouped
from estafette.store.interface.statistics import DAY, HOUR, JOINT, Cell
from estafette.store.sqlite.history import SqliteHistory
from estafette.store.sqlite.statistics import SqliteStatistics

EVENTS, MONTH, DAYS = 1_000_000, 10_000_000, 30
TENANT = "shop"
#: The first hour: midnight, UTC.
START = 1_800_000_000 // DAY * DAY
CAMPAIGNS, TAGS, LINKS, PROVIDERS = 60, 50, 25, 200
_WEB = ("gmail", "microsoft365", "orange", "yahoo")
QUESTIONS: tuple[dict[str, object], ...] = (
    {}, {"by": "day"}, {"group": "campaign"}, {"group": "tag"}, {"group": "provider"}, {"group": "link"},
    {"group": "campaign_provider", "campaign": "campaign-7"}, {"group": "campaign_link", "campaign": "campaign-7"},
    {"group": "campaign_link"}, {"group": "campaign", "compare": True}, {"by": "day", "zone": "Europe/Paris"},
)  # fmt: skip


def counters(_rounds: int) -> list[Row]:
    """Measure both."""
    wall, cpu = asyncio.run(_million())
    events, cells, found = asyncio.run(_month())
    name, times = max(found.items(), key=lambda item: statistics.median(item[1]))
    usual = found["group=campaign"]
    return [
        Row("statistics, s of a million events through counters", "< 60", f"{wall:.1f}", wall < 60),
        Row("statistics, CPU us of an event", "-", f"{cpu / EVENTS * 1e6:.1f}", True),
        Row("statistics, ms of 30 days by campaign", "< 150", spread(usual), statistics.median(usual) < 150),
        Row(
            f"statistics, ms of 30 days, slowest of {len(QUESTIONS)}: {name}",
            "< 150",
            spread(times),
            statistics.median(times) < 150,
        ),
        Row("statistics, counters of that month", f"of {events:,} events", f"{cells:,}", True),
    ]


async def _million() -> tuple[float, float]:
    folder = FOLDER / "statistics-events"
    folder.mkdir(parents=True)
    history = SqliteHistory(folder)
    table = SqliteStatistics(history)
    rows = list[tuple[int, bytes]]()
    for position, event in enumerate(_log(random.Random(7), EVENTS, seconds=2 * HOUR), 1):
        rows.append((position, pack(event)))
        if len(rows) == 20_000 or position == EVENTS:
            await history.append(rows)
            rows.clear()
    desk = CountingDesk(table, history)
    wall, cpu = time.perf_counter(), time.process_time()
    while await read_on(history, desk):
        pass
    spent = time.perf_counter() - wall, time.process_time() - cpu
    if await table.position() != EVENTS:
        raise RuntimeError("not everything was counted")
    await table.close()
    await history.close()
    shutil.rmtree(folder)
    return spent


async def _month() -> tuple[int, int, dict[str, list[float]]]:
    folder = FOLDER / "statistics-month"
    folder.mkdir(parents=True)
    history = SqliteHistory(folder)
    table = SqliteStatistics(history)
    events, cells = await _fill(table)
    found: dict[str, list[float]] = {}
    for asked in QUESTIONS:
        name = "&".join(f"{key}={value}" for key, value in asked.items()) or "totals"
        found[name] = [await _ask(table, history, dict(asked)) for _ in range(5)]
    await table.close()
    await history.close()
    shutil.rmtree(folder)
    return events, cells, found


async def _fill(table: SqliteStatistics) -> tuple[int, int]:
    """Write the counters of thirty days; return of how many events they are, and how many there are."""
    events = cells = 0
    day = [_hour(number) for number in range(24)]
    for number in range(DAYS * 24):
        here = {_at(cell, number): amount for cell, amount in day[number % 24].items()}
        await table.add(number, number + 1, here)
        events, cells = events + MONTH // (DAYS * 24), cells + len(here)
    return events, cells


def _hour(number: int) -> dict[Cell, int]:
    """Return the counters of an hour of some day; what would be opened later is opened within it."""
    log = list(_log(random.Random(number), MONTH // (DAYS * 24), seconds=HOUR))
    admission = Admission()
    for where in places(log):
        admission.open(where, set())
    found: dict[Cell, int] = {}
    for cell, amount in count(log, admission).items():
        there = Cell(cell.tenant, START, cell.dimension, cell.value, cell.measure)
        found[there] = found.get(there, 0) + amount
    return found


def _at(cell: Cell, number: int) -> Cell:
    """Return the counter of the same in another hour; each day two campaigns end and two begin."""
    value = cell.value
    if cell.dimension in {"campaign", "campaign_provider", "campaign_link"}:
        name, joint, rest = value.partition(JOINT)
        value = f"campaign-{(int(name.rpartition('-')[2]) + number // 24 * 2) % CAMPAIGNS}{joint}{rest}"
    return Cell(cell.tenant, START + number * HOUR, cell.dimension, value, cell.measure)


async def _ask(table: SqliteStatistics, history: SqliteHistory, asked: dict[str, object]) -> float:
    zone = str(asked.pop("zone", "UTC"))
    group = grouped([str(asked.pop("group", ""))])
    filters = {"campaign": (str(asked.pop("campaign")),)} if "campaign" in asked else {}
    span = Span(START, START + DAYS * DAY, zone)
    question = Question(tenant=TENANT, span=span, group=group, filters=filters, **asked)  # type: ignore[arg-type]  # of the list above
    began = time.perf_counter()
    found = await answer(question, table, history, 0.0)
    spent = (time.perf_counter() - began) * 1000
    if not found["totals"]["counts"]["queued" if "link" not in group else "clicked.raw"]:
        raise RuntimeError("there is nothing to read")
    return spent


def _log(chance: random.Random, events: int, *, seconds: float) -> Iterator[Event]:
    """Yield events of a shop: five campaigns at a time, whose mail is opened and clicked within hours."""
    clock = [float(START)]
    mint = Mint(lambda: clock[0], writer=3)
    step, written = seconds / events * 2.5, 0
    while written < events:
        story = list(_story(chance, mint, clock[0], f"campaign-{chance.randrange(5)}"))
        yield from story[: events - written]
        written += len(story)
        clock[0] += step


def _story(chance: random.Random, mint: Mint, now: float, campaign: str) -> Iterator[Event]:
    message, place = mint.next(), int(chance.paretovariate(1)) - 1
    site = _WEB[place] if place < len(_WEB) else f"mx{place % PROVIDERS}.example.net"

    def event(kind: str, at: float, **more: object) -> Event:
        return Event(
            id=mint.next(), at=at, kind=kind, tenant=TENANT, stream="bulk", message=message, number=1,
            recipient=f"user{message}@example.net", campaign=campaign, credential="c1", tags=tags,
            template="news@7", from_domain="shop.test", **more,  # type: ignore[arg-type]
        )  # fmt: skip

    tags = (f"tag-{chance.randrange(TAGS)}",)
    yield event("queued", now)
    if chance.random() < 0.1:
        yield event("deferred", now + 1, site=site, reply=Reply(451, "4.7.1", "try again later"))
    if chance.random() < 0.02:
        yield event("bounced", now + 2, site=site, reply=Reply(550, "5.1.1", "no such user"))
        return
    yield event("delivered", now + chance.expovariate(0.2), site=site, reply=Reply(250, "2.0.0", "accepted"))
    if chance.random() < 0.4:
        agent = chance.choice(("human", "image_proxy", "proxy_prefetch"))
        yield event("opened", now + chance.expovariate(1 / HOUR), site=site, hit=_hit(agent))
    if chance.random() < 0.1:
        url = f"https://shop.test/page/{chance.randrange(LINKS)}"
        yield event("clicked", now + chance.expovariate(1 / HOUR), site=site, hit=_hit("human", url))


def _hit(agent: str, url: str = "") -> Hit:
    return Hit(agent, version=1, link=1 if url else 0, url=url, client="apple_mail", first=True)  # type: ignore[arg-type]
