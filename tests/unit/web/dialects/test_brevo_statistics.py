"""Brevo's statistics on our counters and our log, asked by its own client, unmodified, without a network."""

import time

import httpx
import pytest
from brevo import AsyncBrevo
from brevo.core.api_error import ApiError
from tests.unit.web.world import NOON

from estafette.model.event import Event, Reply, pack
from estafette.model.tracking import Hit
from estafette.store.interface.statistics import DAY, HOUR, Cell

TODAY = int(NOON) // DAY * DAY
COUNTS = {
    "queued": 110, "delivered": 80, "sent": 5, "bounced.hard": 4, "bounced.block": 3, "bounced.soft": 2, "failed": 1,
    "rejected": 6, "deferred": 20, "opened.raw": 90, "opened.machine": 40, "opened.human": 30, "opened.proxy": 15,
    "opened.first": 33, "clicked.human": 12, "clicked.first": 9, "complained": 2, "unsubscribed": 1,
}  # fmt: skip


@pytest.fixture
def tenant(world):
    return world.services.office().tenant("acme").id


@pytest.fixture
def counted(world, tenant):
    async def add(dimension, value, counts, at):
        position = await world.store.statistics.position()
        cells = {
            Cell(tenant, int(at) // HOUR * HOUR, dimension, value, measure): amount
            for measure, amount in counts.items()
        }
        await world.store.statistics.add(position, position + 1, cells)

    return add


@pytest.fixture
async def client(world):
    """Its client, as programs use it; only the transport is ours."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app)) as http:
        key = world.keys["acme"]["api_key"]
        yield AsyncBrevo(api_key=key, base_url="http://test/brevo/v3", httpx_client=http).transactional_emails


@pytest.fixture
async def logged(world, tenant):
    """What happened to one message of acme, with hits of people, proxies and scanners."""
    reply = Reply(550, "5.1.1", "no such user")
    events = [
        Event(1, NOON - 50, "queued", tenant, "bulk", 7, 1, "bob@y.example", tags=("a",)),
        Event(2, NOON - 40, "delivered", tenant, "bulk", 7, 1, "bob@y.example", tags=("a",)),
        Event(3, NOON - 30, "opened", tenant, "bulk", 7, 1, "bob@y.example", hit=Hit(agent="proxy_prefetch")),
        Event(4, NOON - 20, "clicked", tenant, "bulk", 7, 1, "bob@y.example",
              hit=Hit(agent="human", url="https://a.example/x", first=True)),
        Event(5, NOON - 19, "clicked", tenant, "bulk", 7, 1, "bob@y.example", hit=Hit(agent="scanner")),
        Event(6, NOON - 10, "bounced", tenant, "bulk", 8, 1, "gone@y.example", reply=reply),
        Event(7, NOON - 9, "opened", tenant, "bulk", 0, 0, hit=Hit(agent="human", mode="aggregate"), count=3),
        Event(8, NOON - 8, "queued", tenant, "personal", 9, 1, "secret@y.example"),
    ]  # fmt: skip
    await world.store.history.append([(each.id, pack(each)) for each in events])


async def test_the_aggregated_report_has_people_only(client, counted):
    await counted("all", "", COUNTS, TODAY)
    await counted("tag", "weekly", {"delivered": 3}, TODAY)
    found = await client.get_aggregated_smtp_report()
    assert (found.requests, found.delivered, found.hard_bounces, found.soft_bounces) == (110, 85, 7, 3)
    assert (found.opens, found.unique_opens, found.clicks, found.unique_clicks) == (45, 33, 12, 9)
    assert (found.blocked, found.spam_reports, found.unsubscribed, found.invalid) == (6, 2, 1, 0)
    assert found.range.endswith(time.strftime("|%Y-%m-%d", time.gmtime(TODAY)))
    assert (await client.get_aggregated_smtp_report(tag="weekly", days=1)).delivered == 3


async def test_reports_tell_day_by_day(client, counted):
    await counted("all", "", {"delivered": 5}, TODAY)
    await counted("all", "", {"delivered": 7}, TODAY - DAY)
    found = (await client.get_smtp_report(days=3)).reports
    assert [each.delivered for each in found] == [5, 7, 0]
    assert [each.delivered for each in (await client.get_smtp_report(days=3, sort="asc", limit=2)).reports] == [0, 7]
    assert len((await client.get_smtp_report()).reports) == 10
    with pytest.raises(ApiError):
        await client.get_smtp_report(days=31)


async def test_events_are_told_with_proxies_apart_and_no_scanners(client, logged):
    found = (await client.get_email_event_report(sort="asc")).events
    assert [each.event for each in found] == ["requests", "delivered", "loadedByProxy", "clicks", "hardBounces"]
    assert found[0].tag == "a"
    assert found[3].link == "https://a.example/x"
    assert found[4].reason == "550 5.1.1 no such user"
    assert [each.event for each in (await client.get_email_event_report(limit=1, offset=1)).events] == ["clicks"]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"event": "bounces"}, ["hardBounces"]),
        ({"event": "softBounces"}, []),
        ({"event": "loadedByProxy"}, ["loadedByProxy"]),
        ({"event": "opened"}, []),
        ({"event": "invalid"}, []),
        ({"email": "gone@y.example"}, ["hardBounces"]),
        ({"tags": '["a"]', "sort": "asc"}, ["requests", "delivered"]),
        ({"template_id": 5}, []),
        ({"message_id": "<nothing@here>"}, []),
    ],
)
async def test_events_are_chosen(client, logged, asked, names):
    assert [each.event for each in (await client.get_email_event_report(**asked)).events] == names


async def test_the_events_of_one_message(client, logged):
    message = (await client.get_email_event_report(email="gone@y.example")).events[0].message_id
    (event,) = (await client.get_email_event_report(message_id=message)).events
    assert event.email == "gone@y.example"


@pytest.mark.parametrize(
    "asked",
    [
        {"days": 3, "start_date": "2026-01-01", "end_date": "2026-01-02"},
        {"start_date": "2026-01-01"},
        {"start_date": "2026-01-02", "end_date": "2026-01-01"},
        {"start_date": "2026-01-01", "end_date": "2026-12-31"},
        {"start_date": "soon", "end_date": "later"},
        {"days": 91},
        {"days": 0},
    ],
)
async def test_days_that_are_none_are_refused(client, asked):
    for report in (client.get_aggregated_smtp_report, client.get_smtp_report, client.get_email_event_report):
        with pytest.raises(ApiError) as refused:
            await report(**asked)
        assert refused.value.status_code == 400


async def test_statistics_are_the_accounts_own(world, brevo, counted, logged):
    await counted("all", "", COUNTS, TODAY)
    assert (await brevo("GET", "/v3/smtp/statistics/aggregatedReport", account="rival"))[1]["requests"] == 0
    assert (await brevo("GET", "/v3/smtp/statistics/events", account="rival"))[1] == {"events": []}
    for name in ("aggregatedReport", "reports", "events"):
        assert (await brevo("GET", f"/v3/smtp/statistics/{name}", key="no"))[0] == 401
        assert (await brevo("GET", f"/v3/smtp/statistics/{name}?color=red"))[0] == 400
