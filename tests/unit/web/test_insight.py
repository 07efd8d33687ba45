"""Insight and alerts over HTTP: in the reader's language, of the caller's own tenant alone."""

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.world import NOON

from estafette.model.anomaly import Anomaly, Finding
from estafette.model.event import Event, Reply, pack
from estafette.model.tracking import Hit
from estafette.store.interface.statistics import DAY, HOUR, Cell


@pytest.fixture
def ask(world):
    async def asked(path, who="acme", **headers):
        fields = {"Authorization": f"Bearer {world.keys[who]['api_key']}"} | headers
        answer = await call(world.app, "GET", path, headers=fields)
        return answer.status, answer.json()

    return asked


@pytest.fixture
def tenant(world):
    return world.services.office().tenant("acme").id


async def counted(world, tenant, dimension, value, counts, at=NOON - HOUR):
    position = await world.store.statistics.position()
    hour = int(at) // HOUR * HOUR
    cells = {Cell(tenant, hour, dimension, value, measure): amount for measure, amount in counts.items()}
    await world.store.statistics.add(position, position + 1, cells)


async def logged(world, *events):
    await world.store.history.append([(each.id, pack(each)) for each in events])


async def test_a_campaign_falls_to_its_people(world, ask, tenant):
    counts = {"delivered": 500, "opened.raw": 300, "opened.machine": 180, "opened.machine.proxy_prefetch": 180,
              "opened.human": 100, "opened.proxy": 20, "opened.first": 110}  # fmt: skip
    await counted(world, tenant, "campaign", "spring", counts)
    status, found = await ask("/v1/insight/waterfall?campaign=spring")
    assert (status, found["campaign"]) == (200, "spring")
    assert next((step["taken"], step["left"]) for step in found["opened"]["steps"]) == ("proxy_prefetch", 120)
    assert (found["opened"]["raw"], found["opened"]["people"]) == (300, 120)
    assert found["opened"]["rates"][0]["percent"] == 22.0
    assert found["opened"]["estimated"] is None


async def test_an_estimate_needs_the_events_of_the_campaign(world, ask, tenant):
    await counted(world, tenant, "campaign", "spring", {"delivered": 300})
    events = []
    for number in range(1, 301):
        events.append(
            Event(2 * number, NOON - 60, "delivered", tenant, "bulk", number, 1, campaign="spring", site="google")
        )
        if number <= 60:
            hit = Hit(agent="human", link=1, first=True)
            events.append(
                Event(2 * number + 1, NOON, "clicked", tenant, "bulk", number, 1, campaign="spring", hit=hit)
            )  # fmt: skip
    await logged(world, *events)
    _, found = await ask("/v1/insight/waterfall?campaign=spring")
    estimate = found["clicked"]["estimated"]
    assert estimate["percent"] == 20.0
    assert estimate["interval"][0] < 20 < estimate["interval"][1]


@pytest.mark.parametrize("query", ["", "?campaign=a&tag=b"])
async def test_one_label_is_needed(ask, query):
    status, problem = await ask(f"/v1/insight/waterfall{query}")
    assert (status, problem["code"]) == (422, "one_of")


async def test_an_unknown_campaign_is_not_there(ask):
    assert (await ask("/v1/insight/waterfall?campaign=nothing"))[0] == 404


async def test_providers_stand_beside_last_week_with_what_they_said(world, ask, tenant):
    await counted(world, tenant, "provider", "google", {"delivered": 900, "deferred": 60, "t250.40": 900})
    await counted(world, tenant, "provider", "google", {"delivered": 200}, NOON - 8 * DAY)
    said = Reply(421, "4.7.28", "unusual rate of mail from 192.0.2.1 to ann@example.org")
    await logged(
        world, *(Event(n, NOON - 60, "deferred", tenant, "bulk", n, 1, reply=said, site="google") for n in (1, 2))
    )
    status, found = await ask("/v1/insight/providers")
    (google,) = found["items"]
    assert (status, google["now"]["accepted"], google["before"]["accepted"]) == (200, 900, 200)
    (reply,) = google["deferral_replies"]
    assert (reply["meaning"], reply["count"], reply["sample"]) == (
        "rate_limited",
        2,
        "unusual rate of mail from … to …",
    )
    assert [each["kind"] for each in google["changes"]] == ["volume"]
    assert google["now"]["time_to_250"]["p50"] is not None
    _, french = await ask("/v1/insight/providers", **{"Accept-Language": "fr"})
    assert french["items"][0]["deferral_replies"][0]["words"].startswith("Le serveur")


async def test_replies_to_personal_mail_are_not_looked_into(world, ask, tenant):
    await counted(world, tenant, "provider", "google", {"delivered": 900})
    said = Reply(450, "4.7.0", "the affair of ann")
    await logged(world, Event(1, NOON - 60, "deferred", tenant, "personal", 1, 1, reply=said, site="google"))
    _, found = await ask("/v1/insight/providers")
    assert found["items"][0]["deferral_replies"] == []


async def test_suggestions_carry_their_evidence(world, ask, tenant):
    await counted(world, tenant, "all", "", {"delivered": 5_000, "bounced.hard": 400})
    await counted(world, tenant, "campaign", "old", {"delivered": 1_000, "bounced.hard": 380})
    status, found = await ask("/v1/insight/suggestions?language=fr")
    (suggestion,) = found["items"]
    assert (status, suggestion["rule"], suggestion["subject"]) == (200, "addresses", "old")
    assert suggestion["evidence"][0]["numerator"] == 380
    assert suggestion["title"] == "Retirer les adresses mortes de old"


async def test_alerts_are_listed_to_their_tenant_alone(world, ask, tenant):
    finding = Finding(kind="bounce", at=NOON, span=1, events=40, base=300, usual=0.01, chance=1e-20)
    made = Anomaly(id="a1", tenant=tenant, kind="bounce", begun=NOON, seen=NOON, first=finding, worst=finding)
    world.services.control.anomalies.add(made)
    status, found = await ask("/v1/alerts?lasting=true")
    assert (status, [each["id"] for each in found["items"]]) == (200, ["a1"])
    assert found["items"][0]["words"].startswith("40 of 300 deliveries")
    assert (await ask("/v1/alerts?lasting=false"))[1]["items"] == []
    assert (await ask("/v1/alerts", "rival"))[1]["items"] == []
    assert (await ask(f"/v1/tenants/{tenant}/alerts", "rival"))[0] == 404


async def test_a_stranger_sees_nothing_of_the_numbers(world, ask, tenant):
    await counted(world, tenant, "campaign", "spring", {"delivered": 500})
    assert (await ask("/v1/insight/waterfall?campaign=spring", "rival"))[0] == 404
    assert (await ask("/v1/insight/providers", "rival"))[1]["items"] == []
    assert (await ask(f"/v1/tenants/{tenant}/insight/providers", "rival"))[0] == 404
