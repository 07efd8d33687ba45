"""Bulk that waits for the uplink says so to whoever asks, also in another process."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.contract.kit import submission

from estafette.config.schema import Settings
from estafette.model.message import Delivery
from estafette.model.stream import Priority
from estafette.relay import lane_report
from estafette.relay.lane_report import STALE
from estafette.relay.scheduling.providers import load
from estafette.relay.scheduling.scheduler import Scheduler
from estafette.web import shapes

NOW = 1_700_000_000.0


def row(number: int, priority: int) -> Delivery:
    made = submission("a@x.test", id=number, due=NOW).deliveries[0]
    values = {name: getattr(made, name) for name in Delivery.__struct_fields__}
    return Delivery(**(values | {"priority": priority, "size": 100_000, "due": NOW, "born": NOW, "expires": NOW + 1e5}))


@pytest.fixture
def shaped() -> Scheduler:
    settings = Settings.model_validate({"egress": {"default": {"bandwidth": "1Mbit/s", "bulk_share": 0.5}}})
    scheduler = Scheduler(load(), settings.delivery, settings.egress, random.Random(1))
    scheduler.placed("x.test", "x.test", NOW)
    scheduler.arrived([row(number, int(Priority.BULK)) for number in range(1, 4)], NOW)
    assert scheduler.next(NOW, 1.0) is not None
    assert scheduler.next(NOW, 1.0) is None
    return scheduler


def test_bulk_behind_the_uplink_names_bandwidth(shaped: Scheduler, tmp_path: Path) -> None:
    lane_report.write(tmp_path, "courier-1", shaped.lane_states(1.0), NOW)
    lanes = lane_report.read(tmp_path, NOW + 1)
    told = shapes.waiting(row(2, int(Priority.BULK)), [], NOW, lanes)
    assert told["rule"] == "bandwidth"
    assert "bulk_share" in told["why"]
    assert shapes.waiting(row(2, int(Priority.PERSONAL)), [], NOW, lanes)["rule"] == "lane"


def test_an_old_or_damaged_report_says_nothing(shaped: Scheduler, tmp_path: Path) -> None:
    lane_report.write(tmp_path, "courier-1", shaped.lane_states(1.0), NOW)
    assert lane_report.read(tmp_path, NOW + STALE + 1) == {}
    (tmp_path / "lanes" / "courier-1.json").write_bytes(b'{"at": 1, "lanes": [')
    assert lane_report.read(tmp_path, NOW) == {}
    assert lane_report.read(tmp_path / "nowhere", NOW) == {}


def test_a_lane_that_was_long_free_is_not_named(shaped: Scheduler, tmp_path: Path) -> None:
    lane_report.write(tmp_path, "courier-1", shaped.lane_states(60.0), NOW)
    assert ("", "default") not in lane_report.read(tmp_path, NOW)
