"""turboSMTP's analytics: a record for each recipient, with the one status that its events add up to."""

import time

import pytest
from tests.unit.web.world import NOON

from estafette.model.event import Event, Reply, pack
from estafette.model.tracking import Hit
from estafette.web.dialects.turbosmtp.status import status

TODAY = time.strftime("%Y-%m-%d", time.gmtime(NOON))
DAYS = f"from={time.strftime('%Y-%m-%d', time.gmtime(NOON - 86_400))}&to={TODAY}"


@pytest.fixture
def tenant(world):
    return world.services.office().tenant("acme").id


@pytest.fixture
def ask(world, call):
    async def asked(path, who="acme", **keys):
        held = world.keys[who]
        pair = keys or {"consumerKey": held["username"], "consumerSecret": held["password"]}
        answer = await call("GET", f"/turbosmtp/api/v2/analytics{path}", account="", headers=pair)
        return answer.status, answer.json()

    return asked


@pytest.fixture
async def sent(call, feed, world, tenant):
    """A message to two people, of whom one's server refuses; its number."""
    key = world.keys["acme"]
    body = {"from": "Ann <ann@acme.example>", "to": "bob@y.example,gone@z.example", "subject": "Offer", "content": "Hi",
            "X-campaign-ID": "spring"}  # fmt: skip
    pair = {"consumerKey": key["username"], "consumerSecret": key["password"]}
    answer = await call("POST", "/turbosmtp/api/v2/mail/send", body, account="", headers=pair)
    number = answer.json()["mid"]
    await feed()
    reply = Reply(550, "5.1.1", "no such user")
    at = world.clock.now()
    events = [
        Event(1, at, "delivered", tenant, "transactional", number, 1, "bob@y.example"),
        Event(2, at, "opened", tenant, "transactional", number, 1, "bob@y.example", hit=Hit(agent="scanner")),
        Event(3, at, "bounced", tenant, "transactional", number, 2, "gone@z.example", reply=reply),
    ]
    await world.store.history.append([(1_000_000 + each.id, pack(each)) for each in events])
    return number


async def test_a_record_for_each_recipient(ask, sent):
    code, told = await ask(f"?{DAYS}&orderby=recipient&ordertype=asc")
    assert (code, told["count"]) == (200, 2)
    bob, gone = told["results"]
    assert (bob["id"], bob["status"], bob["error"], bob["x_campaign_id"]) == (sent, "SUCCESS", "", "spring")
    assert (bob["sender"], bob["subject"], bob["domain"]) == ("ann@acme.example", "Offer", "acme.example")
    assert (gone["status"], gone["error"]) == ("FAIL", "550 5.1.1 no such user")
    assert (gone["recipient_domain"], gone["send_time"][:10]) == ("z.example", TODAY)


@pytest.mark.parametrize(
    ("query", "recipients"),
    [
        ("status[]=FAIL", ["gone@z.example"]),
        ("status[]=FAIL&status[]=SUCCESS", ["bob@y.example", "gone@z.example"]),
        ("status[]=OPEN", []),
        ("filter=Z.EXAMPLE", ["gone@z.example"]),
        ("filter=spring", ["bob@y.example", "gone@z.example"]),
        ("filter=spring&filter_by=subject", []),
        ("filter=offer&filter_by=sender,subject", ["bob@y.example", "gone@z.example"]),
        ("limit=1", ["bob@y.example"]),
        ("limit=1&page=2", ["gone@z.example"]),
        ("page=9", []),
    ],
)
async def test_records_are_chosen_and_paged(ask, sent, query, recipients):
    _, told = await ask(f"?{DAYS}&orderby=recipient&ordertype=asc&{query}")
    assert [each["recipient"] for each in told["results"]] == recipients


async def test_days_are_those_of_the_time_zone(ask, sent):
    _, here = await ask(f"?{DAYS}&tz=%2B00:00")
    _, there = await ask(f"?{DAYS}&tz=-05:30")
    assert here["results"][0]["send_time"] != there["results"][0]["send_time"]


async def test_one_message_is_told_as_its_first_recipient_got_it(ask, sent):
    code, told = await ask(f"/{sent}")
    assert (code, told["recipient"], told["contact_domain"]) == (200, "bob@y.example", "y.example")
    for name in ("1", "nothing", str(1 << 70), "²"):
        assert await ask(f"/{name}") == (404, {"message": "email_not_found"})


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (f"to={TODAY}", "missing_required_parameter_from"),
        (f"from={TODAY}", "missing_required_parameter_to"),
        (f"from=soon&to={TODAY}", "from_format_should_be_yyyy-mm-dd"),
        (f"from={TODAY}&to=31.12.2026", "to_format_should_be_yyyy-mm-dd"),
        ("from=0001-01-01&to=9999-12-31", "to_format_should_be_yyyy-mm-dd"),
        (f"{DAYS}&page=x", "page_should_be_integer"),
        (f"{DAYS}&page=0", "page_should_be_greater_than_0"),
        (f"{DAYS}&limit=x", "limit_should_be_integer"),
        (f"{DAYS}&limit=0", "limit_should_be_greater_than_0"),
        (f"{DAYS}&status[]=LOST", "invalid_status_value"),
        (f"{DAYS}&filter_by=moon", "filter_by_can_only_be_subject_or_sender_or_recipient_or_domain"),
        (f"{DAYS}&smart_search=maybe", "smart_search_should_be_true_or_false"),
        (f"{DAYS}&orderby=moon", "orderby_can_only_be_subject_or_sender_or_recipient_or_domain"),
        (f"{DAYS}&ordertype=up", "ordertype_should_be_asc_or_desc"),
        (f"{DAYS}&tz=Paris", "tz_format_should_be_+hh:mm"),
        (f"{DAYS}&color=red", "unknown_parameter_color"),
    ],
)
async def test_what_is_wrong_is_told_with_its_texts(ask, query, text):
    assert await ask(f"?{query}") == (400, {"message": text})


async def test_records_are_the_accounts_own(ask, sent):
    assert (await ask(f"?{DAYS}", who="rival"))[1] == {"count": 0, "results": []}
    assert (await ask(f"/{sent}", who="rival"))[0] == 404
    assert await ask(f"?{DAYS}", other="x") == (401, {"message": "missing_authorization_key"})
    wrong = {"consumerKey": "no", "consumerSecret": "no"}
    assert await ask(f"?{DAYS}", **wrong) == (401, {"message": "invalid_authorization_key"})
    assert (await ask("/csv"))[0] == 400


def story(*steps):
    return [Event(n, float(n), "queued", "t", "s", 1, 1) if kind == "queued" else _step(n, kind) for n, kind in steps]


def _step(number, kind):
    if ":" in kind:
        name, agent, *was = kind.split(":")
        return Event(number, float(number), name, "t", "s", 1, 1, hit=Hit(agent=agent, was=was[0] if was else ""))
    return Event(number, float(number), kind, "t", "s", 1, 1)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["queued"], "NEW"),
        (["queued", "deferred"], "DEFER"),
        (["queued", "deferred", "delivered"], "SUCCESS"),
        (["queued", "failed"], "SYSFAIL"),
        (["queued", "delivered", "bounced"], "FAIL"),
        (["queued", "delivered", "opened:scanner"], "SUCCESS"),
        (["queued", "delivered", "opened:human"], "OPEN"),
        (["queued", "delivered", "opened:human", "opened:scanner:human"], "SUCCESS"),
        (["queued", "delivered", "opened:human", "clicked:human"], "CLICK"),
        (["queued", "delivered", "clicked:human", "unsubscribed"], "UNSUB"),
        (["queued", "delivered", "unsubscribed", "complained"], "REPORT"),
    ],
)
def test_the_strongest_fact_is_the_status(kinds, expected):
    assert status(story(*enumerate(kinds, 1))) == expected
