"""What a courier knew of our addresses' rests, the next one knows: also under another name, and never for too long."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from estafette.config.schema import Egress, Source
from estafette.relay import rests
from estafette.relay.delivery.sources import Sources
from estafette.relay.rests import ABANDONED, Book

#: Files have the times of this machine.
NOW = float(int(time.time()))
ONE, TWO = "192.0.2.1", "192.0.2.2"
GOOGLE, YAHOO = ("east", ONE, "google"), ("east", TWO, "yahoo")


def test_rests_of_all_couriers_are_read_and_the_longest_counts(tmp_path: Path) -> None:
    Book(tmp_path, "courier-1").keep({GOOGLE: 600.0, YAHOO: 60.0}, NOW)
    Book(tmp_path, "courier-2").keep({GOOGLE: 1200.0}, NOW)
    assert rests.read(tmp_path, NOW + 100) == {GOOGLE: 1100.0}
    assert rests.read(tmp_path, NOW + 1200) == {}
    assert rests.read(tmp_path / "nowhere", NOW) == {}


def test_a_file_is_written_when_something_changed_alone(tmp_path: Path) -> None:
    book = Book(tmp_path, "courier-1")
    assert not book.keep({}, NOW)
    assert book.keep({GOOGLE: 600.0}, NOW)
    assert not book.keep({GOOGLE: 598.5}, NOW + 2)
    assert book.keep({GOOGLE: 7200.0}, NOW + 4)
    assert book.keep({}, NOW + 9000)
    assert rests.read(tmp_path, NOW) == {}


def test_what_is_kept_is_bounded_and_the_longest_rests_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rests, "MOST", 3)
    Book(tmp_path, "courier-1").keep({("east", ONE, f"site{each}"): 100.0 + each for each in range(9)}, NOW)
    assert {site for _, _, site in rests.read(tmp_path, NOW)} == {"site6", "site7", "site8"}


@pytest.mark.parametrize("damage", [b"", b"[[", b'[["east", "192.0.2.1"]]', b"\xff\xfe"])
def test_a_damaged_file_means_that_all_are_awake(tmp_path: Path, damage: bytes) -> None:
    Book(tmp_path, "courier-1").keep({GOOGLE: 600.0}, NOW)
    Book(tmp_path, "courier-2").keep({YAHOO: 600.0}, NOW)
    (tmp_path / "rests" / "courier-1.json").write_bytes(damage)
    assert rests.read(tmp_path, NOW) == {YAHOO: 600.0}


def test_a_file_that_nobody_writes_any_more_and_one_too_large_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("courier-1", "courier-2"):
        Book(tmp_path, name).keep({GOOGLE: 600.0}, NOW)
    old, other = sorted((tmp_path / "rests").glob("*.json"))
    os.utime(old, (NOW - ABANDONED - 1, NOW - ABANDONED - 1))
    os.utime(other, (NOW, NOW))
    rests.read(tmp_path, NOW)
    assert (old.exists(), other.exists()) == (False, True)
    monkeypatch.setattr(rests, "LARGEST", 10)
    assert rests.read(tmp_path, NOW) == {}
    assert not other.exists()


def group(*addresses: str) -> Sources:
    return Sources(Egress(source=[Source(address=address) for address in addresses]))


def test_a_group_goes_on_resting_as_long_as_before_and_no_longer() -> None:
    before, after = group(ONE, TWO), group(ONE, TWO)
    before.refused(ONE, "google", "ip_blocklisted", 100.0)
    after.resume(before.resting(1100.0), 5.0)
    assert after.resting(5.0) == {(ONE, "google"): 6200.0}
    assert after.rests(ONE, "google", 6204.0)
    assert not after.rests(ONE, "google", 6205.0)
    assert after.choose("203.0.113.9", "google", 5.0).address == TWO


def test_neither_an_address_that_is_no_longer_ours_rests_nor_one_for_years() -> None:
    after = group(ONE)
    after.resume({(TWO, "google"): 600.0, (ONE, "yahoo"): 1e9}, 0.0)
    assert after.resting(0.0) == {(ONE, "yahoo"): 7200.0}
