from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Fault
from estafette.model.calendar import Calendar
from estafette.model.event import Event
from estafette.model.plan import Plan
from estafette.store.interface.records import AlreadyThere, Stale
from estafette.tenancy import forecast, metering, packs, paper, plans, statements, tenants, usage
from estafette.tenancy.office import NotFound, Office

NOW = 1_700_000_000.0


@pytest.fixture
def acme(office: Office) -> str:
    plans.create(office, "start", monthly=1000, free=10, price="9.90", overage_price="1.25")
    return str(tenants.create(office, "Acme", plan="start")["id"])


def log(tenant: str, *counts: tuple[str, int], first: int = 1, at: float = NOW) -> list[tuple[int, Event]]:
    streams = [stream for stream, number in counts for _ in range(number)]
    return [
        (place, Event(id=place, at=at, kind="queued", tenant=tenant, stream=stream, message=place, credential="c"))
        for place, stream in enumerate(streams, start=first)
    ]


def test_a_plan_is_data(office: Office, acme: str) -> None:
    shown = plans.update(office, "start", hourly=50, weights={"bulk": 2}, features=("domains=3", "oidc"))
    assert (shown["hourly"], shown["weights"], shown["features"]) == (50, {"bulk": 2}, ["domains=3", "oidc"])
    assert plans.update(office, "start", hourly=None)["hourly"] is None
    assert [item["name"] for item in plans.list_all(office)["items"]] == ["start"]
    with pytest.raises(AlreadyThere):
        plans.create(office, "start")
    with pytest.raises(Fault, match="Acme"):
        plans.remove(office, "start")
    tenants.update(office, "Acme", plan="")
    assert plans.remove(office, "start") == {"name": "start", "removed": True}
    with pytest.raises(NotFound):
        plans.show(office, "start")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", "abc"), ("price", "-1"), ("price", "NaN"), ("price", "1e99"), ("overage_price", "Infinity"),
        ("currency", "euro"), ("monthly", -1), ("hourly", 1 << 60), ("free_per", "week"), ("weights", {"bulk": -1}),
        ("weights", {"Bulk!": 1}), ("features", ("x y",)),
    ],
)  # fmt: skip
def test_terms_that_cannot_be(office: Office, field: str, value: object) -> None:
    with pytest.raises(Fault) as caught:
        plans.create(office, "odd", **{field: value})
    assert caught.value.place == field
    assert plans.list_all(office)["items"] == []


def test_a_plan_is_changed_only_as_it_was_seen(office: Office, acme: str) -> None:
    seen = plans.show(office, "start")["version"]
    plans.update(office, "start", hourly=1)
    with pytest.raises(Stale):
        plans.update(msgspec.structs.replace(office, expected=seen), "start", hourly=2)
    assert plans.show(office, "start")["hourly"] == 1


@pytest.mark.parametrize(
    "wrong", [{"plan": "gold"}, {"timezone": "Mars/Base"}, {"timezone": "../etc"}, {"overage": "x"}, {"trust": "x"}]
)
def test_terms_of_a_tenant_are_checked(office: Office, acme: str, wrong: dict) -> None:
    with pytest.raises(Fault):
        tenants.update(office, "Acme", **wrong)
    assert tenants.show(office, "Acme")["plan"] == "start"


def test_a_statement_adds_up_and_says_that_it_is_no_invoice(office: Office, acme: str) -> None:
    tenants.update(office, "Acme", overage="bill")
    packs.add(office, acme, 100, price="4.005", note="=cmd")
    metering.count(office.control, log(acme, ("bulk", 1300), ("personal", 17)))
    found = statements.show(office, "Acme")
    assert found["totals"] == {
        "recipients": 1317, "units": 1317, "free": 10, "plan": 1000, "pack": 100, "overage": 207, "excess": 0,
    }  # fmt: skip
    assert {row["stream"]: row["recipients"] for row in found["streams"]} == {"bulk": 1300, "personal": 17}
    assert [(line["kind"], line["quantity"], line["amount"]) for line in found["lines"]] == [
        ("plan", 1, "9.90"), ("overage", 207, "0.26"), ("pack", 1, "4.01"),
    ]  # fmt: skip
    assert found["amounts"] == {"EUR": "14.17"}
    assert "not an invoice" in found["note"]["en"]
    assert statements.list_all(office, "Acme")["items"] == [found]


def test_a_statement_as_csv_and_as_a_page(office: Office, acme: str) -> None:
    packs.add(office, acme, 5, note="=1+1<b>")
    metering.count(office.control, log(acme, ("bulk", 3)))
    found = statements.show(office, "Acme")
    rows = list(csv.reader(io.StringIO(paper.csv(found))))
    assert ["total", "3", "3", "3", "0", "0", "0", "0"] in rows
    assert any("'=1+1<b>" in row for row in rows)
    english, french = paper.page(found), paper.page(found, "fr")
    assert "It is not an invoice" in english
    assert "pas une facture" in french.replace("&#x27;", "'")
    assert "<b>" not in english
    assert "<script" not in english


def test_a_month_that_is_over_is_kept_as_it_was_told(office: Office, acme: str) -> None:
    metering.count(office.control, log(acme, ("bulk", 20)))
    later = msgspec.structs.replace(office, now=lambda: NOW + 40 * 86400)
    owner = later.tenant("Acme")
    assert statements.close(later, owner) == 1
    plans.update(later, "start", price="99")
    metering.count(office.control, log(acme, ("bulk", 5), first=21, at=NOW + 40 * 86400))
    running, closed = statements.list_all(later, "Acme")["items"]
    assert (closed["status"], closed["amounts"], closed["totals"]["recipients"]) == ("closed", {"EUR": "9.90"}, 20)
    assert (running["status"], running["amounts"], running["totals"]["recipients"]) == ("open", {"EUR": "99.00"}, 5)
    assert statements.show(later, "Acme", "2023-11-20") == closed
    assert statements.close(later, owner) == 0
    with pytest.raises(NotFound):
        statements.show(later, "Acme", "2030-01-01")
    with pytest.raises(Fault, match="no day"):
        statements.show(later, "Acme", "soon")


@given(st.decimals(min_value=0, max_value=10**9, places=6), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_amounts_are_rounded_half_up_to_the_smallest_coin(value: Decimal, currency: str) -> None:
    coin = Decimal(1).scaleb(-{"EUR": 2, "JPY": 0, "KWD": 3}[currency])
    difference = Decimal(statements.rounded(value, currency)) - value
    assert -coin / 2 < difference <= coin / 2


def test_usage_says_what_is_left_and_for_how_long(office: Office, acme: str) -> None:
    metering.count(office.control, log(acme, ("bulk", 400)))
    found = usage.show(office, "Acme")
    assert (found["month"]["recipients"], found["month"]["limit"], found["percent"]) == (400, 1000, 39)
    assert found["forecast"] == {"units_a_day": 400, "runs_out": "2023-11-16"}
    assert usage.list_all(office)["items"] == [found]


@pytest.mark.parametrize(
    ("plan", "left", "in_packs", "daily", "day"),
    [
        (Plan(name="p", monthly=300), 300, 0, 10.0, date(2026, 5, 31)),
        (Plan(name="p", monthly=310), 310, 0, 10.0, None),
        (Plan(name="p", monthly=300), 300, 1000, 10.0, None),
        (Plan(name="p", monthly=0), 0, 100, 10.0, date(2026, 5, 11)),
        (Plan(name="p", monthly=0, free=10), 0, 0, 10.0, None),
        (Plan(name="p", monthly=0, free=9), 0, 0, 10.0, date(2026, 5, 1)),
        (Plan(name="p"), 0, 0, 1e9, None),
        (None, 0, 0, 1e9, None),
    ],
)
def test_the_day_on_which_units_run_out(plan, left, in_packs, daily, day) -> None:
    start = datetime(2026, 5, 1, tzinfo=UTC).timestamp()
    calendar = Calendar("UTC", start)
    assert forecast.runs_out(plan, calendar, start, plan_left=left, packs_left=in_packs, daily=daily) == day


def test_the_example_plans_load_twice(office: Office) -> None:
    text = (Path(__file__).parents[3] / "examples" / "plans.toml").read_text()
    plans.load(office, text)
    shown = {item["name"]: item for item in plans.load(office, text)["items"]}
    assert sorted(shown) == ["business", "free", "newsletter", "prepaid", "start"]
    assert (shown["free"]["monthly"], shown["free"]["free"], shown["free"]["daily"]) == (0, 200, None)
    assert shown["newsletter"]["weights"] == {"transactional": 2, "personal": 2, "bulk": 1}


@pytest.mark.parametrize("text", ["[", "x = 1", "[p]\nmonthly = 'much'", "[p]\nyearly = 1", "['no name']\nfree = 1"])
def test_a_file_that_is_wrong_makes_no_plan(office: Office, text: str) -> None:
    with pytest.raises(Fault):
        plans.load(office, text)
    assert plans.list_all(office)["items"] == []


def test_a_month_without_mail_has_its_statement_and_is_kept_too(office: Office, acme: str) -> None:
    later = msgspec.structs.replace(office, now=lambda: NOW + 75 * 86400)
    assert acme in later.control.plans.unclosed(later.now() - 27.9 * 86400)
    assert statements.close(later, later.tenant("Acme")) == 2
    running, *closed = statements.list_all(later, "Acme")["items"]
    assert running["status"] == "open"
    assert [(each["status"], each["totals"]["units"], each["streams"]) for each in closed] == [("closed", 0, [])] * 2
    assert closed[0]["start"] == closed[1]["end"]
    assert acme not in later.control.plans.unclosed(later.now() - 27.9 * 86400)
