from __future__ import annotations

from collections import Counter

import pytest
from tests.unit.reporting.log import MOMENT, about, opened

from estafette.model.event import EVENT_KINDS
from estafette.model.tracking import AGENTS
from estafette.reporting.durations import bucket
from estafette.reporting.measures import additions


def added(event):
    found = Counter()
    for measure, amount in additions(event):
        found[measure] += amount
    return {measure: amount for measure, amount in found.items() if amount}


@pytest.mark.parametrize(
    "kind", ["queued", "sent", "deferred", "failed", "rejected", "complained", "unsubscribed", "subscribed",
             "autoresponded", "replied"]
)  # fmt: skip
def test_most_kinds_are_counted_once_under_their_own_name(kind):
    assert added(about(kind)) == {kind: 1}


def test_every_kind_is_counted_but_a_second_delivery_and_mail_that_comes_in():
    silent = {kind for kind in EVENT_KINDS if not additions(about(kind))}
    assert silent == {
        "duplicate_delivery",
        "inbound",
        "opened",
        "clicked",
        "unknown",
    }  # without a hit, without an attempt


def test_what_was_lost_is_counted_and_what_servers_tell_of_delays_is_not():
    assert added(about("unknown", attempt=1)) == {"unknown": 1}
    assert added(about("unknown", reason="delayed_notice")) == {}


def test_a_late_bounce_is_counted_as_one_and_as_late():
    assert added(about("bounced", category="mailbox_full")) == {"bounced.soft": 1}
    assert added(about("bounced", category="mailbox_full", reason="late")) == {"bounced.soft": 1, "late": 1}


def test_a_delivery_tells_how_long_it_took_since_acceptance():
    assert added(about("delivered", at=MOMENT + 90)) == {"delivered": 1, f"t250.{bucket(90)}": 1}


@pytest.mark.parametrize(
    ("agent", "classes"),
    [
        ("human", ["human"]), ("image_proxy", ["proxy"]), ("unknown", ["unknown"]),
        ("scanner", ["machine", "machine.scanner"]), ("preview", ["machine", "machine.preview"]),
        ("proxy_prefetch", ["machine", "machine.proxy_prefetch"]),
    ],
)  # fmt: skip
def test_a_hit_is_counted_raw_and_by_its_class(agent, classes):
    assert added(opened(agent)) == {"opened.raw": 1} | {f"opened.{each}": 1 for each in classes}


def test_only_firsts_of_individual_measuring_are_unique():
    assert added(opened("human", first=True))["opened.first"] == 1
    assert added(opened("image_proxy", first=True))["opened.first"] == 1
    assert "opened.first" not in added(opened("human", first=True, mode="aggregate"))


def test_an_aggregate_event_counts_for_many():
    found = added(opened("scanner", mode="aggregate", count=7))
    assert found == {"opened.raw": 7, "opened.aggregate": 7, "opened.machine": 7, "opened.machine.scanner": 7}


@pytest.mark.parametrize("was", AGENTS)
@pytest.mark.parametrize("now", AGENTS)
def test_a_correction_undoes_what_was_counted_and_leaves_the_raw_number(was, now):
    before, after = added(opened(was)), added(opened(now, was=was))
    total = {name: before.get(name, 0) + after.get(name, 0) for name in before | after}
    assert {name: amount for name, amount in total.items() if amount} == added(opened(now))


def test_a_correction_moves_the_first_of_a_recipient():
    assert added(opened("scanner", was="human", first=True))["opened.first"] == -1
    assert added(opened("human", was="scanner", first=True))["opened.first"] == 1
    assert added(opened("human", was="human", first=True))["opened.first"] == 1
