"""Complaint rates: who is warned, who is stopped, and how both end."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.tenancy.test_trust import DAY, NOON, World

from estafette.base import ids
from estafette.model.complaint import Complaint
from estafette.reporting import alerts, watch
from estafette.tenancy import complaint_rates, suspensions, tenants
from estafette.tenancy.office import Office
from estafette.tenancy.rules import shipped


class Complained(World):
    def complain(self, count: int, *, stream: str = "bulk", mailed: float | None = None, tenant: str = "") -> None:
        """Complaints of now, about mail of a moment."""
        first = ids.first(self.clock.now() if mailed is None else mailed)
        for _ in range(count):
            self.place += 1
            self.office.control.complaints.note(
                Complaint(
                    message=first + self.place, number=1, tenant=tenant or self.tenant, stream=stream, event=self.place,
                    report=self.place, at=self.clock.now(), seen=self.clock.now(), kind="abuse", programme="yahoo",
                )
            )  # fmt: skip

    def judge(self) -> list[tuple[str, str]]:
        return [(each.stream, each.rule) for each in complaint_rates.judge(self.office, [self.tenant])]

    def warnings(self) -> Any:
        return alerts.list_all(self.office, self.tenant)["items"]


@pytest.fixture
def world(office: Office) -> Complained:
    return Complained(office)


def test_the_shipped_limits_are_the_promised_ones() -> None:
    rules = shipped().complaints
    assert (rules.warn, rules.pause, rules.least) == (0.001, 0.003, 3)


def test_fewer_than_three_complaints_say_nothing(world: Complained) -> None:
    world.log("queued", 10)
    world.complain(2)
    assert world.judge() == []
    assert world.warnings() == []


def test_one_in_a_thousand_warns_once_and_stops_nothing(world: Complained) -> None:
    world.log("queued", 3_000)
    world.complain(2)
    assert (world.judge(), world.warnings()) == ([], [])
    world.complain(1)
    assert (world.judge(), world.judge()) == ([], [])
    (warning,) = world.warnings()
    assert (warning["kind"], warning["ended"], warning["first"]["events"], warning["first"]["base"]) == (
        "complaint_rate", None, 3, 3_000,
    )  # fmt: skip
    assert "3 complaints on 3000 recipients of the stream bulk in 168 h: 0.1 %" in str(warning["words"])
    assert f"{shipped().complaints.pause * 100:.1f} %" in str(warning["advice"])
    (_, note), *more = watch.owed(world.office)
    assert not more
    assert "bulk" in note.text
    (entry,) = [each for each in world.office.control.audit() if each.action == "stream.warn"]
    assert (entry.subject, entry.detail) == ("the stream bulk", "3 complaints on 3000 recipients (0.10%)")


def test_three_in_a_thousand_stop_the_stream_and_no_other(world: Complained) -> None:
    world.log("queued", 1_000)
    world.log("queued", 1_000, stream="transactional")
    world.complain(3)
    world.complain(2, stream="transactional")
    assert world.judge() == [("bulk", "complaints")]
    assert world.judge() == []
    items: Any = suspensions.list_all(world.office, tenant="Acme")["items"]
    (found,) = items
    assert found["numbers"] == {
        "days": "7", "recipients_of_the_days": "1000", "complaints": "3 (0.30%, max. 0.30%)", "programmes": "yahoo",
    }  # fmt: skip
    assert "complained" in found["why"]
    assert world.warnings() == []
    assert [each.action for each in world.office.control.audit() if each.action.startswith("suspension")] == [
        "suspension.create"
    ]


def test_a_lifted_pause_comes_back_only_for_new_complaints(world: Complained) -> None:
    world.log("queued", 1_000)
    world.complain(5)
    assert world.judge() == [("bulk", "complaints")]
    (pause,) = world.office.control.plans.suspensions(world.tenant, ended=False)
    world.clock.pass_(60)
    suspensions.resume(world.office, pause.id)
    assert world.judge() == []
    world.clock.pass_(60)
    world.complain(2)
    assert world.judge() == []
    world.complain(1)
    assert world.judge() == [("bulk", "complaints")]


def test_complaints_count_with_the_mail_they_are_about(world: Complained) -> None:
    world.log("queued", 1_000)
    world.clock.pass_(8 * DAY)
    world.log("queued", 100)
    world.complain(9, mailed=NOON)
    assert world.judge() == []
    world.complain(3, mailed=NOON + 8 * DAY)
    assert world.judge() == [("bulk", "complaints")]


def test_a_warning_grows_and_ends_when_the_rate_is_calm_again(world: Complained) -> None:
    world.log("queued", 3_000)
    world.complain(3)
    world.judge()
    world.complain(1)
    world.judge()
    (warning,) = world.warnings()
    assert (warning["first"]["events"], warning["worst"]["events"]) == (3, 4)
    world.log("queued", 1_500)
    world.judge()
    assert world.warnings()[0]["ended"] is None
    world.log("queued", 600)
    world.judge()
    assert world.warnings()[0]["ended"] is not None
    assert [each.action for each in world.office.control.audit()][:1] == ["stream.calm"]


def test_a_warning_ends_although_its_tenant_sends_no_more(world: Complained) -> None:
    world.log("queued", 3_000)
    world.complain(3)
    world.judge()
    world.clock.pass_(9 * DAY)
    assert complaint_rates.judge(world.office, []) == []
    assert world.warnings()[0]["ended"] is not None


def test_complaints_of_another_tenant_count_for_that_one(world: Complained) -> None:
    other = str(tenants.create(world.office, "Other")["id"])
    world.log("queued", 1_000)
    world.complain(5, tenant=other)
    assert complaint_rates.judge(world.office, [world.tenant, other]) == []


def test_a_stopped_account_is_not_stopped_twice(world: Complained) -> None:
    world.log("queued", 1_000)
    world.complain(5)
    suspensions.create(world.office, "Acme")
    assert world.judge() == []


def test_the_watch_leaves_warnings_to_their_limit(world: Complained) -> None:
    world.log("queued", 3_000)
    world.complain(3)
    world.judge()
    (warning,) = world.office.control.anomalies.open(world.tenant)
    assert watch._lasting(world.office, world.tenant) == []
    assert msgspec.to_builtins(warning.first)["stream"] == "bulk"
