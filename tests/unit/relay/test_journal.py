"""The journal as a file: what is kept is found again, whatever the last write left behind."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.kit import defer, done, submission

from estafette.base.errors import StoreUnavailable
from estafette.relay.journal import Journal, Left, read, replay
from estafette.store.open import open_store


def _left(folder):
    left = Left(folder)
    found = list(left.outcomes())
    left.close()
    return found


def test_ends_are_kept_once_and_deferrals_not_at_all(tmp_path):
    journal = Journal(tmp_path, "courier-1")
    assert journal.keep([done(1), defer(2), done(3)])
    assert journal.keep([done(1), done(4)])
    journal.close()
    assert [each.message for each in _left(tmp_path)] == [1, 3, 4]


def test_the_file_goes_when_the_store_has_everything(tmp_path):
    journal = Journal(tmp_path, "courier-1")
    journal.keep([done(1), done(2)])
    journal.forget([done(1)])
    assert len(list(tmp_path.glob("*.journal"))) == 1
    journal.forget([done(2)])
    assert list(tmp_path.glob("*.journal")) == []
    assert journal.keep([done(3)])
    journal.close()
    assert [each.message for each in _left(tmp_path)] == [3]


def test_the_journal_of_a_living_courier_is_left_alone(tmp_path):
    journal = Journal(tmp_path, "courier-1")
    journal.keep([done(1)])
    assert _left(tmp_path) == []
    journal.close()
    assert len(_left(tmp_path)) == 1


@given(st.integers(0, 400), st.binary(max_size=40))
def test_a_torn_end_costs_only_itself(tmp_path_factory, cut, rubbish):
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder, "courier-1")
    journal.keep([done(number) for number in range(1, 6)])
    journal.close()
    (path,) = folder.glob("*.journal")
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] + rubbish)
    found = [each.message for each in read(path)]
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= min(cut, len(whole)) // (len(whole) // 5)


def test_a_disk_that_is_full_is_told_and_tried_again(tmp_path, monkeypatch):
    """A real short write needs a full file system (tests/fault/test_disk.py); here the kernel's answer is played."""
    journal = Journal(tmp_path, "courier-1")
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: write(file, data[:7], at))
    assert not journal.keep([done(1)])
    monkeypatch.setattr(os, "pwrite", write)
    assert journal.keep([done(1), done(2)])
    journal.close()
    assert [each.message for each in _left(tmp_path)] == [1, 2]


async def test_replay_ends_rows_once_and_a_second_delivery_is_an_event(store, tmp_path):
    first, second = submission(), submission("j@example.com")
    for each in (first, second):
        await store.spool.accept(each)
    journal = Journal(tmp_path / "journal", "courier-1")
    journal.keep([done(first.content.id), done(second.content.id)])
    journal.close()
    await store.spool.settle("courier-2", {}, [done(second.content.id)])
    assert await replay(tmp_path / "journal", store.spool, "courier-1") == 2
    counts = await store.spool.counts()
    assert (counts["queued"], counts["delivered"], counts["duplicates"]) == (0, 2, 1)
    assert await replay(tmp_path / "journal", store.spool, "courier-1") == 0


async def test_a_journal_that_cannot_be_settled_stays(tmp_path, clock):
    journal = Journal(tmp_path / "journal", "courier-1")
    journal.keep([done(1)])
    journal.close()
    store = await open_store(f"sqlite://{tmp_path}/d", clock=clock, free_disk=0)
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await replay(tmp_path / "journal", store.spool, "courier-1")
    assert len(_left(tmp_path / "journal")) == 1
