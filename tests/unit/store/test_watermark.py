"""The watermark on a disk of a known size."""

from __future__ import annotations

import os

import pytest

from estafette.store.sqlite.watermark import Watermark


class Disk:
    f_frsize = 1000
    f_blocks = 1000
    f_bavail = 500


@pytest.mark.parametrize("limit", [0.1, 100_000])
def test_mail_is_refused_below_the_limit_and_taken_again_well_above(tmp_path, clock, monkeypatch, limit):
    disk = Disk()
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    watermark = Watermark(tmp_path, clock, limit)
    verdicts = []
    for free in (500, 99, 110, 121):
        disk.f_bavail = free
        clock.moment += 1
        verdicts.append(watermark.health().accepting)
    assert verdicts == [True, False, False, True]


def test_the_disk_is_looked_at_once_a_second(tmp_path, clock, monkeypatch):
    disk = Disk()
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    watermark = Watermark(tmp_path, clock, 0.1)
    assert watermark.health().accepting
    disk.f_bavail = 0
    clock.moment += 0.9
    assert watermark.health().accepting
    clock.moment += 0.2
    assert watermark.health().why == "disk nearly full"
