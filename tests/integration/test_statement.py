"""A month goes by on the service's clock while mail is really delivered: the statement is what the log says."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from tests.servers.calendar import faked, until

DAYS = ("2027-05-01", "2027-05-04", "2027-05-12", "2027-05-20", "2027-05-31")


@pytest.fixture
def clock(rig):
    return faked(rig, f"{DAYS[0]} 09:00:00")


def _log(service):
    lines = service.run("events", "--kind", "queued").stdout.splitlines()
    return [event for event in map(json.loads, lines) if event["reason"] != "notice"]


def _counted(service, number):
    def check():
        return service.cli("usage", "show", "customer")["month"]["recipients"] == number

    until(check)


@pytest.mark.timeout(300)
def test_the_statement_of_a_month_equals_the_event_log(rig, clock):
    service = rig.service
    service.run(
        "plan", "create", "start", "--monthly", "6", "--free", "1", "--price", "9.90", "--overage-price", "1250"
    )
    service.run(
        "tenant", "update", "customer", "--plan", "start", "--overage", "bill", "--alert-to", "pay@example.test"
    )
    service.run("pack", "create", "--tenant", "customer", "--units", "2", "--price", "5")
    service.start()
    sent = 0
    for number, day in enumerate(DAYS):
        clock(f"{day} 09:00:00")
        for place in range(number + 1):
            rig.send(f"user{number}{place}@example.test")
            sent += 1
        _counted(service, sent)
        service.drained()
    log = _log(service)
    shown = service.cli("statement", "show", "--tenant", "customer", "--month", DAYS[2])
    assert shown["totals"]["recipients"] == len(log) == 15
    streams = Counter(event["stream"] for event in log)
    assert {row["stream"]: row["recipients"] for row in shown["streams"]} == streams
    assert [shown["totals"][name] for name in ("free", "plan", "pack", "overage", "excess")] == [5, 6, 2, 2, 0]
    assert [line["amount"] for line in shown["lines"]] == ["9.90", "2.50", "5.00"]
    alerts = [message for message in rig.postfix.messages() if b"To: pay@example.test" in message]
    assert any(b"100 % of the plan" in message for message in alerts)
    page = service.run("statement", "show", "--tenant", "customer", "--month", DAYS[2], "--form", "html").stdout
    assert "It is not an invoice" in page.decode()
