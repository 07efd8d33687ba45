"""``/v1/statistics``: from events in the log to what a tenant reads of them."""

import csv
import io

import msgspec
import pytest
from tests.unit.reporting.log import about, mint, opened
from tests.unit.web.asgi import call

from estafette.events.reader import read_on
from estafette.model.event import pack
from estafette.reporting.desk import CountingDesk
from estafette.store.interface.statistics import DAY, HOUR
from estafette.tenancy import operators

DAYS = "since=2027-01-15&until=2027-01-16"


@pytest.fixture
async def shop(world):
    """A log in which acme sent a campaign of 1,000 and rival one letter, all of it counted."""
    office = world.services.office()
    acme, rival = (office.tenant(name).id for name in ("acme", "rival"))
    world.written = 0
    world.operator = operators.create(office, "root")["api_key"]

    async def log(*events, tenant=acme):
        rows = [pack(msgspec.structs.replace(event, tenant=tenant)) for event in events]
        await world.store.history.append(list(enumerate(rows, world.written + 1)))
        world.written += len(rows)
        await read_on(world.store.history, CountingDesk(world.store.statistics, world.store.history))

    world.log = log
    await log(*mailing())
    await log(about("queued", campaign="secret"), tenant=rival)
    return world


def mailing():
    for number in range(1, 1_001):
        message = mint.next()
        labels = {"message": message, "campaign": "spring", "credential": "c1", "site": "gmail"}
        yield about("queued", **(labels | {"site": ""}))
        yield about("bounced", **labels) if number <= 20 else about("delivered", **labels)
        if number > 900:
            yield opened("human", first=True, **labels)
        if number > 950:
            yield opened("human", kind="clicked", first=True, url="https://shop.test/a", **labels)
        if number > 990:
            yield opened("scanner", kind="clicked", url="https://shop.test/b", **labels)


async def ask(world, query="", *, key=None, path="/v1/statistics", headers=None):
    given = {"Authorization": f"Bearer {key or world.keys['acme']['api_key']}", **(headers or {})}
    return await call(world.app, "GET", f"{path}?{query}", headers=given)


def rate(numbers, name):
    return next(each for each in numbers["rates"] if each["name"] == name)


async def test_totals_have_counts_rates_formulas_and_notes(shop):
    found = (await ask(shop, DAYS)).json()
    counts = found["totals"]["counts"]
    assert (counts["queued"], counts["delivered"], counts["bounced.other"]) == (1000, 980, 20)
    assert (counts["clicked.raw"], counts["clicked.human"], counts["clicked.machine"]) == (60, 50, 10)
    open_rate = rate(found["totals"], "open")
    assert (open_rate["numerator"], open_rate["denominator"], open_rate["of"]) == (100, 980, "delivered")
    low, high = open_rate["interval"]
    assert low < open_rate["percent"] < high
    assert "opened for the first time" in found["formulas"]["open"]
    assert (found["items"], found["source"], found["events_behind"], found["timezone"]) == ([], "counters", 0, "UTC")
    assert found["methods"] == [{"method": "classifier 1", "since": "2027-01-15T09:00:00Z", "within": True}]
    assert any("inbox" in note for note in found["notes"])
    assert found["totals"]["time_to_250"]["p50"] < 0.01


async def test_few_numbers_have_no_percentage(shop):
    found = (await ask(shop, DAYS)).json()
    complaints = rate(found["totals"], "complaint")
    assert (complaints["percent"], complaints["withheld"], complaints["denominator"]) == (None, "too_few", 980)


async def test_one_dimension_is_told_apart_and_totals_hold_what_has_no_value(shop):
    await shop.log(about("queued", message=mint.next()))
    found = (await ask(shop, f"{DAYS}&group=campaign")).json()
    assert [(each["campaign"], each["counts"]["queued"]) for each in found["items"]] == [("spring", 1000)]
    assert found["totals"]["counts"]["queued"] == 1001


async def test_pairs_come_from_counters_in_any_direction(shop):
    for query in ("group=campaign_link", "group=link,campaign", "group=link&campaign=spring",
                  "group=campaign,link&link=https://shop.test/a&link=https://shop.test/b"):  # fmt: skip
        found = (await ask(shop, f"{DAYS}&{query}")).json()
        assert found["source"] == "counters", query
        told = {each["link"]: each["counts"]["clicked.raw"] for each in found["items"]}
        assert told == {"https://shop.test/a": 50, "https://shop.test/b": 10}, query
        assert found["items"][0]["rates"] == []
    only = (await ask(shop, f"{DAYS}&group=provider&campaign=spring&provider=gmail")).json()
    assert [each["counts"]["delivered"] for each in only["items"]] == [980]
    none = (await ask(shop, f"{DAYS}&group=provider&campaign=autumn")).json()
    assert (none["items"], none["totals"]["counts"]) == ([], {})


async def test_other_combinations_are_read_from_events(shop):
    await shop.log(about("queued", stream="other", campaign="spring", tags=("a", "b"), message=mint.next()))
    found = (await ask(shop, f"{DAYS}&group=stream&campaign=spring")).json()
    assert found["source"] == "events"
    assert [(each["stream"], each["counts"]["queued"]) for each in found["items"]] == [("bulk", 1000), ("other", 1)]
    tags = (await ask(shop, f"{DAYS}&group=tag,stream")).json()
    assert [(each["tag"], each["stream"]) for each in tags["items"]] == [("a", "other"), ("b", "other")]
    both = (await ask(shop, f"{DAYS}&stream=other&tag=a&by=day")).json()
    assert [(each["start"], each["counts"]) for each in both["items"]] == [("2027-01-15T00:00:00Z", {"queued": 1})]


async def test_topics_are_counted_like_tags_and_told_apart_by_stream_from_events(shop):
    await shop.log(
        about("queued", stream="other", topic="offers", message=mint.next()),
        about("queued", topic="offers", message=mint.next()), about("queued", topic="news", message=mint.next()),
    )  # fmt: skip
    found = (await ask(shop, f"{DAYS}&group=topic")).json()
    assert found["source"] == "counters"
    assert {each["topic"]: each["counts"]["queued"] for each in found["items"]} == {"offers": 2, "news": 1}
    only = (await ask(shop, f"{DAYS}&topic=news")).json()
    assert (only["source"], only["totals"]["counts"]) == ("counters", {"queued": 1})
    apart = (await ask(shop, f"{DAYS}&group=topic&stream=other")).json()
    assert (apart["source"], [each["topic"] for each in apart["items"]]) == ("events", ["offers"])


async def test_events_that_are_gone_are_not_asked_for(shop, monkeypatch):
    await shop.store.history.prune(2_000_000_000.0)
    answer = await ask(shop, "since=2026-01-01&until=2027-01-01&group=stream,campaign")
    assert (answer.status, answer.json()["field"]) == (422, "since")
    assert "not kept that long" in answer.json()["detail"]
    assert (await ask(shop, f"{DAYS}&group=campaign")).json()["items"][0]["counts"]["queued"] == 1000


async def test_too_many_events_are_refused_before_they_are_read(shop, monkeypatch):
    monkeypatch.setattr("estafette.reporting.tally.MOST_EVENTS", 100)
    answer = await ask(shop, f"{DAYS}&group=stream,campaign")
    assert (answer.status, answer.json()["fix"][:9]) == (422, "ask for a")


async def test_days_are_those_of_the_zone(shop):
    late = about("queued", at=(about("queued").at // DAY + 1) * DAY - HOUR, message=mint.next())  # 23:00 UTC
    await shop.log(late)
    utc = (await ask(shop, "since=2027-01-15&until=2027-01-17&by=day")).json()
    paris = (await ask(shop, "since=2027-01-15&until=2027-01-17&by=day&timezone=Europe/Paris")).json()
    assert paris["items"][0]["start"] == "2027-01-14T23:00:00Z"
    assert [(each["start"][:10], each["counts"]["queued"]) for each in utc["items"]] == [("2027-01-15", 1001)]
    assert [(each["local"], each["counts"]["queued"]) for each in paris["items"]] == [
        ("2027-01-15T00:00:00+01:00", 1000), ("2027-01-16T00:00:00+01:00", 1),
    ]  # fmt: skip
    hours = (await ask(shop, f"{DAYS}&by=hour&group=campaign")).json()
    assert [(each["start"], each["campaign"]) for each in hours["items"]] == [("2027-01-15T09:00:00Z", "spring")]


async def test_the_period_before_stands_beside(shop):
    await shop.log(*(about("queued", at=about("queued").at - DAY, campaign="spring") for _ in range(7)))
    found = (await ask(shop, f"{DAYS}&group=campaign&compare=previous")).json()
    assert found["previous"] == {"since": "2027-01-14T00:00:00Z", "until": "2027-01-15T00:00:00Z"}
    assert found["totals"]["previous"]["counts"] == {"queued": 7}
    assert found["items"][0]["previous"]["counts"] == {"queued": 7}


async def test_rates_are_taken_of_what_is_asked_for(shop):
    found = (await ask(shop, f"{DAYS}&per=opened")).json()
    click = rate(found["totals"], "click")
    assert (click["of"], click["numerator"], click["denominator"], click["percent"]) == ("opened", 50, 100, None)
    queued = (await ask(shop, f"{DAYS}&per=queued")).json()
    assert rate(queued["totals"], "delivery")["denominator"] == 1000


async def test_measures_and_pages_narrow_the_answer(shop):
    found = (await ask(shop, f"{DAYS}&measures=clicked,queued&group=link&limit=1")).json()
    assert set(found["totals"]["counts"]) == {"queued", "clicked.raw", "clicked.human", "clicked.machine",
                                              "clicked.first", "clicked.machine.scanner"}  # fmt: skip
    assert ([each["link"] for each in found["items"]], found["next"]) == (["https://shop.test/a"], "1")
    rest = (await ask(shop, f"{DAYS}&group=link&limit=1&after=1")).json()
    assert ([each["link"] for each in rest["items"]], rest["next"]) == (["https://shop.test/b"], None)


WRONG = [
    ("timezone=Mars/Olympus", "timezone"), ("since=2027-01-16&until=2027-01-15", "since"),
    ("since=soon", "since"), ("group=recipient", "group"), ("group=a,b,c", "group"),
    ("group=campaign,campaign", "group"), ("by=decade", "by"), ("per=everything", "per"), ("per=opened&group=link", "per"),
    ("per=queued&group=provider", "per"), ("recipient=ann@home.test", "recipient"), ("limit=0", "limit"),
    ("tag=" + "&tag=".join("x" * 101), "tag"), ("format=xml", "format"), ("compare=last", "compare"),
    ("since=2020-01-01&by=hour", "by"),
]  # fmt: skip


async def test_a_question_without_an_answer_is_told_so(shop):
    for query, field in WRONG:
        answer = await ask(shop, query)
        assert (answer.status, answer.json()["field"]) == (422, field), answer.body
        assert answer.json()["fix"], query


async def test_nobody_reads_another_tenants_numbers(shop):
    rival = shop.keys["rival"]["api_key"]
    assert b"spring" not in (await ask(shop, f"{DAYS}&group=campaign", key=rival)).body
    acme = shop.services.office().tenant("acme").id
    for path in (f"/v1/tenants/{acme}/statistics", "/v1/tenants/acme/statistics"):
        assert (await ask(shop, DAYS, key=rival, path=path)).status == 404
    of_operator = await ask(shop, DAYS, key=shop.operator, path="/v1/tenants/acme/statistics")
    assert of_operator.json()["totals"]["counts"]["queued"] == 1000
    assert (await ask(shop, DAYS, key=shop.operator)).status == 422


async def test_personal_mail_adds_to_totals_alone(shop):
    letter = {"stream": "personal", "campaign": "x", "site": "lawyer.test", "private": True, "message": mint.next()}
    await shop.log(about("delivered", **letter))
    totals = (await ask(shop, DAYS)).json()["totals"]["counts"]
    assert totals["delivered"] == 981
    for query in ("group=provider", "group=campaign", "group=stream,provider", "group=campaign_provider"):
        assert b"lawyer" not in (await ask(shop, f"{DAYS}&{query}")).body


async def test_a_table_has_a_row_each_and_says_how_it_was_made(shop):
    await shop.log(*(about("queued", campaign=name) for name in ("=1+1", "@x", "-2", "+3", "\tt")))
    answer = await ask(shop, f"{DAYS}&group=campaign&format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert (await ask(shop, f"{DAYS}&group=campaign", headers={"Accept": "text/csv"})).body == answer.body
    rows = list(csv.reader(io.StringIO(answer.body.decode())))
    head = rows[0]
    assert head[:2] == ["start", "campaign"]
    named = {row[1]: dict(zip(head, row, strict=True)) for row in rows[1:7]}
    assert named["spring"]["queued"] == "1000"
    assert named["spring"]["open_denominator"] == "980"
    assert float(named["spring"]["open_low"]) < float(named["spring"]["open_percent"]) < 20
    assert named.keys() == {"spring", "'=1+1", "'@x", "'-2", "'+3", "'\tt"}
    assert rows[7][0] == "total"
    notes = [row[1] for row in rows[8:]]
    assert {row[0] for row in rows[8:]} == {"note"}
    assert any(note.startswith("open = ") for note in notes)
    assert any(note.startswith("method classifier 1 since") for note in notes)
    form = await ask(shop, f"{DAYS}&format=json", headers={"Accept": "text/csv"})
    assert form.headers["content-type"] == "application/json"
