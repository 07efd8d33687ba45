"""Aggregate hits: classified by what their visitors did, and nothing is left of these."""

from __future__ import annotations

import pytest

from estafette.base.ids import Mint
from estafette.events.acts import Group
from estafette.events.crowd import MOST_OF_ONE, Crowd, Visitors
from estafette.model.event import unpack
from estafette.tracking.agents import load
from estafette.tracking.evidence import Seen
from estafette.tracking.token import Target

NOW = 1_800_000_000.0 - 1_800_000_000.0 % 60
WAIT = 600.0
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PROGRAM = load().of(FIREFOX)


@pytest.fixture
def crowd():
    return Crowd(Mint(lambda: NOW), WAIT)


def group(link=1, tenant="t1"):
    return Group("clicked", tenant, "bulk", "spring", link=link, url=f"https://shop.test/{link}")


def seen(at=NOW, visitor="v", link=1):
    return Seen(at=at, kind="clicked", visitor=visitor, program=PROGRAM, group="spring", link=link)


def add(crowd, at=NOW, visitor="v", link=1, tenant="t1"):
    return crowd.add(seen(at, f"{tenant} {visitor}", link), group(link, tenant))


async def judged(crowd, now):
    return [unpack(fact.event) for minute in crowd.due(now) for fact in await crowd.judged(minute)]


async def test_people_on_one_link_in_one_minute_are_one_event(crowd):
    for number in range(30):
        assert add(crowd, NOW + number, f"v{number}") == int(NOW) // 60
    assert crowd.due(NOW + 60 + WAIT - 1) == []
    (event,) = await judged(crowd, NOW + 60 + WAIT)
    assert (event.kind, event.tenant, event.stream, event.campaign) == ("clicked", "t1", "bulk", "spring")
    assert (event.count, event.at, event.message, event.number, event.recipient) == (30, NOW, 0, 0, "")
    assert (event.hit.agent, event.hit.mode, event.hit.link, event.hit.url) == (
        "human", "aggregate", 1, "https://shop.test/1",
    )  # fmt: skip
    assert await judged(crowd, NOW + 9_999) == []


async def test_a_burst_over_two_minutes_is_one_scanner_and_its_earlier_hit_is_too(crowd):
    for place in range(6):
        add(crowd, NOW + 59.2 + place * 0.2, "gateway", link=place)
    add(crowd, NOW + 59.5, "person")
    events = await judged(crowd, NOW + 120 + WAIT)
    assert {(event.hit.agent, event.hit.reasons) for event in events if event.hit.link != 1} <= {
        ("scanner", ("burst",)), ("scanner", ("same_source",)),
    }  # fmt: skip
    assert sum(event.count for event in events) == 7
    assert [event.count for event in events if event.hit.agent == "human"] == [1]
    assert {event.at for event in events} == {NOW, NOW + 60}


async def test_visitors_of_two_tenants_are_strangers(crowd):
    for place in range(2):
        add(crowd, NOW + place * 0.1, link=place + 1)
    add(crowd, NOW + 0.3, link=3, tenant="t2")
    events = await judged(crowd, NOW + 9_999)
    assert {event.hit.agent for event in events} == {"human"}


async def test_memory_is_bounded_and_what_is_beyond_is_counted(crowd):
    small = Crowd(Mint(lambda: NOW), WAIT, most=2)
    for number in range(5):
        add(small, NOW, f"v{number}")
    events = await judged(small, NOW + 9_999)
    assert sorted((event.hit.agent, event.hit.reasons, event.count) for event in events) == [
        ("human", (), 2), ("unknown", ("overload",), 3),
    ]  # fmt: skip
    add(small, NOW + 60)
    assert [event.hit.agent for event in await judged(small, NOW + 9_999)] == ["human"]


async def test_one_visitor_takes_no_more_than_a_share(crowd):
    for number in range(MOST_OF_ONE + 100):
        add(crowd, NOW + number / 100, "flood")
    add(crowd, NOW, "person")
    events = await judged(crowd, NOW + 9_999)
    assert [event.count for event in events if event.hit.reasons == ("overload",)] == [100]
    assert sum(event.count for event in events) == MOST_OF_ONE + 101


async def test_a_visitor_who_stays_is_judged_minute_by_minute(crowd):
    for minute in range(30):
        add(crowd, NOW + minute * 60)
    assert sum(event.count for event in await judged(crowd, NOW + 900 + WAIT)) == 15
    assert len(crowd._visits["t1 v"]) <= 15 + WAIT // 60
    assert sum(event.count for event in await judged(crowd, NOW + 9_999)) == 15
    assert (crowd._held, crowd._visits, crowd._minutes) == (0, {}, {})


def test_a_visitor_is_another_one_tomorrow_to_others_and_elsewhere():
    here, there = Visitors(), Visitors()
    today = here.of(NOW, "t1", "192.0.2.1", FIREFOX)
    assert today == here.of(NOW + 1, "t1", "192.0.2.1", FIREFOX)
    assert today != here.of(NOW, "t1", "192.0.2.2", FIREFOX)
    assert today != here.of(NOW, "t2", "192.0.2.1", FIREFOX)
    assert today != there.of(NOW, "t1", "192.0.2.1", FIREFOX)
    assert today != here.of(NOW + 86_400, "t1", "192.0.2.1", FIREFOX)
    assert today != here.of(NOW, "t1", "192.0.2.1", FIREFOX)  # the salt of that day is gone


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ({"campaign": "c", "template": "t@1", "tags": ("a", "b")}, ("c", "", ())),
        ({"template": "t@1", "tags": ("a", "b")}, ("", "t@1", ())),
        ({"tags": ("a", "b")}, ("", "", ("a",))),
        ({}, None),
    ],
)
def test_a_group_is_the_campaign_else_the_template_else_the_first_tag(labels, found):
    made = Group.of(Target("click", "t1", "bulk", message=5, number=2, person=b"p", link=4, **labels), "u")
    assert (made and (made.campaign, made.template, made.tags)) == found
