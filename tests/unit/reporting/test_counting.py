from __future__ import annotations

import pytest
from tests.unit.reporting.log import MOMENT, about, opened

from estafette.reporting.admission import LIMITS, OTHER, OTHER_PAIR, Admission
from estafette.reporting.counting import DIMENSIONS, LONGEST, count, places
from estafette.store.interface.statistics import DAY, HOUR


def counted(*events, admission=None):
    """Return (dimension, value, measure) -> amount of the one tenant and hour that these events are of."""
    cells = count(events, opened_for(events, admission or Admission()))
    return {(cell.dimension, cell.value, cell.measure): amount for cell, amount in cells.items()}


def opened_for(events, admission):
    for where in places(events):
        if admission.lacks(where):
            admission.open(where, set())
    return admission


def test_an_event_is_counted_under_each_of_its_labels_and_both_pairs():
    event = about(
        "bounced", campaign="spring", credential="c1", tags=("a", "b"), topic="offers", template="welcome@2",
        site="gmail",
    )  # fmt: skip
    names = {("all", ""), ("stream", "bulk"), ("credential", "c1"), ("campaign", "spring"), ("tag", "a"), ("tag", "b"),
             ("topic", "offers"),
             ("template", "welcome@2"), ("domain", "shop.test"), ("provider", "gmail"),
             ("campaign_provider", "spring\x1fgmail")}  # fmt: skip
    assert counted(event) == {(*name, "bounced.other"): 1 for name in names}


def test_a_click_is_counted_under_its_link_its_client_and_the_method():
    event = opened("human", kind="clicked", campaign="spring", url="https://shop.test/a", client="gmail_web", version=3)
    found = counted(event)
    for name in (
        ("link", "https://shop.test/a"),
        ("client", "gmail_web"),
        ("campaign_link", "spring\x1fhttps://shop.test/a"),
    ):
        assert found[(*name, "clicked.human")] == 1
    assert found["method", "classifier 3", "hits"] == 0


def test_what_an_event_does_not_say_has_no_counter():
    found = counted(about("queued", stream="", from_domain=""))
    assert found == {("all", "", "queued"): 1}


def test_hours_begin_at_full_hours_and_tenants_are_apart():
    events = [
        about("queued", at=MOMENT - 0.1),
        about("queued", at=MOMENT),
        about("queued", tenant="t2"),
        about("queued", tenant=""),
    ]
    cells = count(events, opened_for(events, Admission()))
    assert {(cell.tenant, cell.hour): n for cell, n in cells.items() if cell.dimension == "all"} == {
        ("t1", int(MOMENT) - HOUR): 1, ("t1", int(MOMENT)): 1, ("t2", int(MOMENT)): 1,
    }  # fmt: skip


def test_the_501st_tag_of_a_day_goes_by_the_common_name():
    admission = Admission()
    tags = [f"order-{number}" for number in range(LIMITS["tag"] + 3)]
    found = counted(*[about("queued", tags=(tag,)) for tag in tags], admission=admission)
    assert LIMITS["tag"] == 500
    assert found["tag", "order-499", "queued"] == 1
    assert ("tag", "order-500", "queued") not in found
    assert found["tag", OTHER, "queued"] == 3
    next_day = counted(about("queued", tags=("order-500",), at=MOMENT + DAY), admission=admission)
    assert next_day["tag", "order-500", "queued"] == 1


def test_an_event_with_several_uncounted_tags_is_one_of_the_others():
    admission = Admission()
    counted(*[about("queued", tags=(f"order-{number}",)) for number in range(500)], admission=admission)
    assert counted(about("queued", tags=("x", "y", "order-1")), admission=admission) == {
        ("all", "", "queued"): 1, ("stream", "bulk", "queued"): 1, ("domain", "shop.test", "queued"): 1,
        ("tag", OTHER, "queued"): 1, ("tag", "order-1", "queued"): 1,
    }  # fmt: skip


def test_the_common_name_takes_nobodys_place():
    admission = Admission()
    admission.open(("t", "tag", 0), {f"{number}" for number in range(499)} | {OTHER})
    assert admission.name("t", "tag", 5 * HOUR, OTHER) == OTHER
    assert admission.name("t", "tag", 5 * HOUR, "the last") == "the last"
    assert admission.name("t", "tag", 5 * HOUR, "too late") == OTHER
    assert admission.name("t", "tag", 5 * HOUR, "7") == "7"


def test_pairs_beyond_the_limit_share_one_pair():
    admission = Admission()
    admission.open(("t", "campaign_link", 0), {f"a\x1f{number}" for number in range(LIMITS["campaign_link"])})
    assert admission.name("t", "campaign_link", 0, "a\x1fnew") == OTHER_PAIR


def test_places_are_forgotten_all_together_when_they_are_many():
    admission = Admission()
    admission.open(("t", "tag", 0), set())
    admission.forget(1)
    assert not admission.lacks(("t", "tag", 0))
    admission.forget(0)
    assert admission.lacks(("t", "tag", 0))


@pytest.mark.parametrize(("given", "kept"), [("a\x1fb", "a b"), ("x" * 400, "x" * LONGEST)])
def test_a_value_is_capped_and_never_looks_like_a_pair(given, kept):
    assert counted(about("queued", campaign=given))["campaign", kept, "queued"] == 1


def test_no_value_that_anyone_fills_at_will_is_without_limit():
    assert LIMITS.keys() | {"all", "stream", "credential", "client"} == set(DIMENSIONS)


def test_pairs_have_no_histogram():
    found = counted(about("delivered", campaign="spring", site="gmail"))
    timed = {dimension for dimension, _, measure in found if measure.startswith("t250.")}
    assert timed == {"all", "stream", "campaign", "domain", "provider"}


@pytest.mark.parametrize("personal", [{"private": True}, {"stream": "personal"}])
def test_personal_mail_is_counted_without_labels_and_receivers(personal):
    event = about(
        "delivered",
        campaign="spring",
        tags=("a",),
        topic="offers",
        template="t@1",
        site="rival.test",
        credential="c1",
        **personal,
    )
    assert {dimension for dimension, _, _ in counted(event)} == {"all", "stream", "credential", "domain"}
    hit = opened("human", kind="clicked", url="https://rival.test/", client="gmail_web", **personal)
    assert {dimension for dimension, _, _ in counted(hit)} == {"all", "stream", "domain"}
