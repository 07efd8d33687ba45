"""The log over HTTP: pages and their cursors, filters, waiting, and the whole of it a line at a time."""

import asyncio
import json
from urllib.parse import urlencode

import msgspec
import pytest
from tests.contract.kit import START, event
from tests.unit.web.asgi import call
from tests.unit.web.test_api import bearer

from estafette.base import ids
from estafette.events.reader import prune
from estafette.model.event import pack, unpack
from estafette.model.tracking import Hit


@pytest.fixture
def log(world):
    return Log(world)


class Log:
    """The history of the world, written as the feeder does; positions count from 1."""

    def __init__(self, world):
        self.world = world
        self.tenant = world.services.office().tenant("acme").id
        self.last = 0

    async def add(self, *facts, tenant=None):
        packed = []
        for fact in facts:
            self.last += 1
            owned = msgspec.structs.replace(unpack(fact), tenant=tenant or self.tenant, stream="bulk")
            packed.append((self.last, pack(owned)))
        await self.world.store.history.append(packed)

    async def get(self, accept="application/json", name="acme", **query):
        headers = bearer(self.world, name) | {"Accept": accept}
        answer = await call(self.world.app, "GET", f"/v1/events?{urlencode(query)}", headers=headers)
        assert answer.status == 200, answer.body
        return answer

    async def cursors(self, **query):
        page = (await self.get(**query)).json()
        return [int(each["cursor"]) for each in page["items"]], page["cursor"], page["next"]


async def test_every_page_says_where_to_go_on(log):
    await log.add(*(event(n, 1, "queued") for n in range(1, 6)))
    await log.add(event(9, 1, "queued"), tenant="t9")
    assert await log.cursors(limit=2) == ([1, 2], "2", "2")
    assert await log.cursors(limit=2, after="4") == ([5], "6", None)
    assert await log.cursors(after="6") == ([], "6", None)
    assert (await log.get(name="rival")).json()["items"] == []


async def test_what_an_event_says_of_a_hit(log):
    hit = Hit(
        "scanner", ("burst",), 3, "aggregate", 2, "https://a.example/", "apple_mail", "FR", first=True, was="human"
    )
    await log.add(event(0, 0, "clicked", hit=hit, count=12), event(1, 1, "queued"))
    clicked, queued = (await log.get()).json()["items"]
    assert (clicked["count"], queued["count"], queued["hit"]) == (12, 1, None)
    assert clicked["hit"] == msgspec.structs.asdict(hit) | {"reasons": ["burst"]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "delivered"}, [2]),
        ({"recipient": "ANN@b.c"}, [1, 2]),
        ({"campaign": "spring"}, [3]),
        ({"tag": "x"}, [1]),
        ({"stream": "bulk"}, [1, 2, 3]),
        ({"stream": "other"}, []),
        ({"message": ids.show(7)}, [1, 2]),
        ({"message": ids.show(99)}, []),
        ({"since": "2027-01-15T08:00:05Z"}, [2, 3]),
        ({"since": "2027-01-15T10:00:05+02:00", "until": "2027-01-15T08:00:09Z"}, [2]),
    ],
)
async def test_events_are_chosen(log, query, found):
    facts = [
        event(7, 1, "queued", recipient="ann@b.c", tags=("x",)),
        event(7, 1, "delivered", recipient="ann@b.c"),
        event(8, 1, "queued", recipient="joe@b.c", campaign="spring"),
    ]
    times = (START, START + 5, START + 9)
    await log.add(*(pack(msgspec.structs.replace(unpack(f), at=at)) for f, at in zip(facts, times, strict=True)))
    assert await log.cursors(**query) == (found, "3", None)


@pytest.mark.parametrize(
    "query",
    [{"after": "x"}, {"after": "9" * 19}, {"after": "-1"}, {"kind": "eaten"}, {"message": "1"}, {"since": "monday"},
     {"since": "2027-01-15T08:00:05"}, {"wait": "31"}, {"wait": "-1"}, {"limit": "0"}],
)  # fmt: skip
async def test_what_cannot_be_meant_is_refused(world, query):
    answer = await call(world.app, "GET", f"/v1/events?{urlencode(query)}", headers=bearer(world))
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_a_follower_waits_for_an_event_of_its_own(log):
    await log.add(event(1, 1, "queued"))
    asked = asyncio.create_task(log.get(after="1", wait=30, kind="delivered"))
    for other in range(3):
        await log.add(event(2, 1, "queued"), event(3, 1, "delivered"), tenant=f"t{other}")
        await asyncio.sleep(0)
    await log.add(event(1, 1, "delivered"))
    page = (await asked).json()
    assert [each["cursor"] for each in page["items"]] == ["8"]
    assert (page["cursor"], page["next"]) == ("8", None)


async def test_waiting_in_vain_ends_and_passes_over_what_is_others(log):
    await log.add(event(1, 1, "queued"))
    await log.add(event(1, 1, "queued"), tenant="t9")
    assert await log.cursors(after="1", wait=1) == ([], "2", None)


async def test_a_process_that_drains_lets_nobody_wait(log):
    asked = asyncio.create_task(log.get(wait=30))
    async with asyncio.timeout(10):
        await log.world.services.arrivals.close()
        assert (await asked).json()["items"] == []
        assert (await log.get(wait=30)).json()["items"] == []


async def test_the_whole_log_comes_a_line_an_event(log):
    for _ in range(3):
        await log.add(*(event(n, 1, "queued" if n % 2 else "delivered") for n in range(1, 801)))
    answer = await log.get(accept="application/x-ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [int(json.loads(line)["cursor"]) for line in answer.body.splitlines()] == list(range(1, 2401))
    answer = await log.get(accept="application/x-ndjson", kind="queued", after="2390", limit=3)
    assert [json.loads(line)["cursor"] for line in answer.body.splitlines()] == ["2391", "2393", "2395"]
    assert (await log.get(accept="application/x-ndjson", name="rival")).body == b""


async def test_who_was_away_too_long_is_told(log):
    await log.add(*(event(n, 1, "queued") for n in range(1, 6)))
    await prune(log.world.store.history, [], START + 1)
    await log.add(event(9, 1, "queued"))
    assert (await log.get(after="3")).json()["missed"] is True
    assert (await log.get(after="5")).json()["missed"] is False
    assert (await log.get()).json()["missed"] is False
    assert (await log.get(accept="application/x-ndjson", after="3")).headers["estafette-missed"] == "true"
