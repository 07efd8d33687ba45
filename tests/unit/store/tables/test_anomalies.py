from __future__ import annotations

import msgspec
import pytest

from estafette.model.anomaly import Anomaly, Finding
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.page import BadCursor, Page
from estafette.store.interface.records import AlreadyThere, AuditEntry, Stale
from estafette.store.tables.control import ControlTables

ENTRY = AuditEntry(at=1.0, actor="test", action="test")
FINDING = Finding(kind="bounce", at=10.0, span=1, events=40, base=300, usual=0.01, chance=1e-20)


@pytest.fixture
def anomalies(control: ControlTables):
    for name in ("a", "b"):
        control.add_tenant(Tenant(id=name, name=name), [Stream(tenant=name, name="bulk", kind="bulk")], ENTRY)
    return control.anomalies


def anomaly(number=1, **fields):
    known = {
        "id": f"n{number}", "tenant": "a", "kind": "bounce", "begun": float(number), "seen": float(number),
        "first": FINDING, "worst": FINDING,
    }  # fmt: skip
    return Anomaly(**known | fields)


def ids(found):
    return [each.id for each in found]


def test_an_episode_comes_back_as_it_was(anomalies):
    made = anomaly()
    anomalies.add(made)
    assert anomalies.open() == anomalies.open("a") == anomalies.untold() == [made]
    assert anomalies.open("b") == []
    with pytest.raises(AlreadyThere):
        anomalies.add(made)


def test_an_episode_that_is_over_and_told_is_neither_open_nor_untold(anomalies):
    anomalies.add(anomaly())
    worst = msgspec.structs.replace(FINDING, events=90)
    over = anomaly(seen=5.0, ended=9.0, told=2.0, worst=worst)
    anomalies.change(over)
    assert anomalies.open() == anomalies.untold() == []
    assert anomalies.page(Page(), tenant="a").items == (over,)


def test_pages_are_newest_first_and_a_tenants_own(anomalies):
    for number in (1, 2, 3):
        anomalies.add(anomaly(number, ended=None if number % 2 else 9.0))
    anomalies.add(anomaly(4, tenant="b"))
    first = anomalies.page(Page(limit=2), tenant="a")
    assert ids(first.items) == ["n3", "n2"]
    assert ids(anomalies.page(Page(limit=2, after=first.next), tenant="a").items) == ["n1"]
    assert ids(anomalies.page(Page(), tenant="a", lasting=True).items) == ["n3", "n1"]
    assert ids(anomalies.page(Page(), tenant="a", lasting=False).items) == ["n2"]
    with pytest.raises(BadCursor):
        anomalies.page(Page(after="x"), tenant="a")


def test_what_is_gone_is_stale(anomalies):
    with pytest.raises(Stale):
        anomalies.change(anomaly())
    with pytest.raises(Stale):
        anomalies.add(anomaly(tenant="nobody"))
