"""Mailjet's statistics on our counters, asked by its own client where that is possible without a network."""

import time

import pytest
from tests.unit.web.world import NOON

from estafette.base.ids import Mint
from estafette.model.event import Event, pack
from estafette.model.tracking import Hit
from estafette.store.interface.statistics import DAY, HOUR, Cell

ACCOUNT = "CounterSource=APIKey&CounterTiming=Event&CounterResolution=Lifetime"
COUNTS = {
    "queued": 110, "delivered": 80, "sent": 5, "bounced.hard": 4, "bounced.block": 3, "bounced.soft": 2, "failed": 1,
    "rejected": 6, "deferred": 20, "opened.raw": 90, "opened.machine": 40, "opened.human": 30, "opened.proxy": 15,
    "opened.unknown": 5, "opened.first": 33, "clicked.human": 12, "clicked.first": 9, "complained": 2, "unsubscribed": 1,
}  # fmt: skip


@pytest.fixture
def counted(world):
    """Count something for acme, in an hour."""
    tenant = world.services.office().tenant("acme").id

    async def add(dimension, value, counts, at=NOON - HOUR):
        position = await world.store.statistics.position()
        cells = {
            Cell(tenant, int(at) // HOUR * HOUR, dimension, value, measure): amount
            for measure, amount in counts.items()
        }
        await world.store.statistics.add(position, position + 1, cells)

    return add


@pytest.fixture
def ask(call):
    async def asked(path, **how):
        answer = await call("GET", f"/mailjet/v3/REST/{path}", **how)
        assert answer.status < 500, answer.body
        return answer.status, answer.json()

    return asked


async def test_counters_of_the_account_have_mailjets_names_and_no_machines(ask, counted):
    await counted("all", "", COUNTS)
    status, told = await ask(f"statcounters?{ACCOUNT}")
    assert (status, told["Count"]) == (200, 1)
    (counter,) = told["Data"]
    assert counter["Total"] == 110
    assert (counter["MessageSentCount"], counter["MessageDeferredCount"], counter["MessageBlockedCount"]) == (85, 20, 6)
    assert (counter["MessageHardBouncedCount"], counter["MessageSoftBouncedCount"]) == (7, 3)
    assert (counter["MessageQueuedCount"], counter["MessageSpamCount"], counter["EventUnsubscribedCount"]) == (15, 2, 1)
    assert (counter["EventOpenedCount"], counter["MessageOpenedCount"]) == (45, 33)
    assert (counter["EventClickedCount"], counter["MessageClickedCount"]) == (12, 9)
    assert (counter["Timeslice"], counter["SourceID"]) == ("", 0)


async def test_counters_are_the_accounts_own(ask, counted):
    await counted("all", "", COUNTS)
    assert (await ask(f"statcounters?{ACCOUNT}", account="rival"))[1]["Data"][0]["Total"] == 0
    assert (await ask(f"statcounters?{ACCOUNT}", account="nobody"))[0] == 401


async def test_a_campaign_is_asked_for_by_its_number(ask, counted):
    await counted("campaign", "spring", {"queued": 3, "delivered": 2})
    ((campaign,),) = [(await ask("campaign?CustomCampaign=spring"))[1]["Data"]]
    assert campaign["CustomValue"] == "spring"
    query = "CounterSource=Campaign&CounterTiming=Message&CounterResolution=Lifetime"
    for name in ("SourceID", "SourceId"):
        (counter,) = (await ask(f"statcounters?{query}&{name}={campaign['ID']}"))[1]["Data"]
        assert (counter["Total"], counter["SourceID"]) == (3, campaign["ID"])
    assert (await ask(f"campaign/{campaign['ID']}"))[1]["Data"] == [campaign]
    assert (await ask(f"statcounters?{query}&SourceID=1"))[0] == 404
    assert (await ask(f"campaign/{campaign['ID']}", account="rival"))[0] == 404
    assert (await ask(f"statcounters?{query}"))[1]["ErrorCode"] == "mj-0003"


async def test_events_are_told_hour_by_hour_and_day_by_day(ask, counted):
    noon = int(NOON) // DAY * DAY - DAY + 12 * HOUR
    await counted("all", "", {"delivered": 5}, noon)
    await counted("all", "", {"delivered": 7}, noon + HOUR)
    query = f"CounterSource=apikey&CounterTiming=Event&FromTS={noon}&ToTS={noon + HOUR + 1}"
    hours = (await ask(f"statcounters?{query}&CounterResolution=Hour"))[1]["Data"]
    assert [each["MessageSentCount"] for each in hours] == [5, 7]
    assert hours[0]["Timeslice"] == time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(noon))
    (day,) = (await ask(f"statcounters?{query}&CounterResolution=Day"))[1]["Data"]
    assert day["MessageSentCount"] == 12


async def test_what_became_of_messages_stands_at_the_time_of_the_message(world, ask):
    tenant = world.services.office().tenant("acme").id
    yesterday = int(NOON) // DAY * DAY - DAY + HOUR
    message = Mint(lambda: float(yesterday), writer=9).next()
    hit = Hit(agent="human", first=True)
    events = [
        Event(1, yesterday, "queued", tenant, "bulk", message, 1),
        Event(2, yesterday, "delivered", tenant, "bulk", message, 1),
        Event(3, NOON, "opened", tenant, "bulk", message, 1, hit=hit),
    ]
    await world.store.history.append([(each.id, pack(each)) for each in events])
    query = f"CounterSource=APIKey&CounterTiming=Message&CounterResolution=Day&FromTS={yesterday}"
    (day,) = (await ask(f"statcounters?{query}"))[1]["Data"]
    assert (day["Total"], day["MessageSentCount"], day["MessageOpenedCount"]) == (1, 1, 1)
    assert day["Timeslice"].startswith(time.strftime("%Y-%m-%dT", time.gmtime(yesterday)))


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("CounterSource=List&CounterTiming=Event&CounterResolution=Day", "estafette-not_supported", "CounterSource"),
        ("CounterSource=APIKey&CounterTiming=Event&CounterResolution=Highest", "estafette-not_supported",
         "CounterResolution"),
        ("CounterSource=Moon&CounterTiming=Event&CounterResolution=Day", "mj-0005", "CounterSource"),
        ("CounterSource=APIKey&CounterTiming=Never&CounterResolution=Day", "mj-0005", "CounterTiming"),
        ("CounterSource=APIKey&CounterTiming=Event&CounterResolution=Year", "mj-0005", "CounterResolution"),
        ("CounterSource=APIKey&CounterTiming=Event", "mj-0003", "CounterResolution"),
        (f"{ACCOUNT}&FromTS=soon", "estafette-invalid_value", "FromTS"),
        (f"{ACCOUNT}&FromTS=20&ToTS=10", "estafette-invalid_value", "FromTS"),
        (f"{ACCOUNT}&ToTS=99999999999999999", "estafette-invalid_value", "ToTS"),
    ],
)  # fmt: skip
async def test_what_cannot_be_answered_is_refused_by_name(ask, query, code, field):
    status, told = await ask(f"statcounters?{query}")
    assert (status, told["ErrorCode"], told["ErrorRelatedTo"]) == (400, code, [field])


async def test_providers_and_links_of_a_campaign(ask, counted):
    await counted("campaign", "spring", {"queued": 3})
    await counted("campaign_provider", "spring\x1fgoogle", {"delivered": 90, "bounced.hard": 10, "opened.first": 50,
                                                           "clicked.first": 5})  # fmt: skip
    await counted("campaign_link", "spring\x1fhttps://a.example/x", {"clicked.human": 7, "clicked.first": 5})
    await counted("campaign_link", "spring\x1fhttps://a.example/y", {"clicked.human": 9, "clicked.first": 9})
    number = (await ask("campaign"))[1]["Data"][0]["ID"]
    (google,) = (await ask(f"statistics/recipient-esp?CampaignId={number}"))[1]["Data"]
    assert (google["ESPName"], google["AttemptedMessagesCount"], google["HardBouncedRate"]) == ("google", 100, 0.1)
    assert (google["OpenRate"], google["ClickThroughRate"]) == (0.5, 0.1)
    links = (await ask(f"statistics/link-click?CampaignId={number}"))[1]["Data"]
    assert [(each["URL"][-1], each["PositionIndex"], each["ClickedEventsCount"]) for each in links] == [
        ("y", 1, 9), ("x", 2, 7),
    ]  # fmt: skip


async def test_figures_of_a_message_count_people_and_not_machines(world, ask, call, feed):
    answer = await call("POST", "/mailjet/v3.1/send", {"Messages": [{
        "From": {"Email": "ann@acme.example"}, "To": [{"Email": "bob@y.example"}], "TextPart": "x",
        "CustomCampaign": "spring",
    }]})  # fmt: skip
    number = answer.json()["Messages"][0]["To"][0]["MessageID"]
    await feed()
    tenant = world.services.office().tenant("acme").id
    hits = [Hit(agent="scanner"), Hit(agent="human", client="thunderbird"), Hit(agent="proxy_prefetch")]
    events = [
        Event(n, world.clock.now() + n, "opened", tenant, "transactional", number, 1, hit=hit)
        for n, hit in enumerate(hits, 1)
    ]
    await world.store.history.append([(1_000_000 + each.id, pack(each)) for each in events])
    (figures,) = (await ask(f"messageinformation/{number}"))[1]["Data"]
    assert (figures["OpenTrackedCount"], figures["ClickTrackedCount"]) == (1, 0)
    history = (await ask(f"messagehistory/{number}"))[1]["Data"]
    assert [(each["EventType"], each["Useragent"]) for each in history] == [("opened", "thunderbird")]
    (message,) = (await ask(f"message/{number}"))[1]["Data"]
    assert (message["Status"], message["CampaignID"]) == ("opened", figures["CampaignID"])
    assert figures["CampaignID"] > 0


@pytest.mark.parametrize("name", ["openinformation", "campaignoverview", "contactstatistics/7", "geostatistics"])
async def test_statistics_that_we_lack_say_so_by_name(ask, name):
    status, told = await ask(name)
    assert (status, told["ErrorCode"]) == (400, "estafette-not_supported")
    assert (await ask(name, account="nobody"))[0] == 401
