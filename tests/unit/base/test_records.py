"""Files of records: whole ones come back, whatever the last write left behind, and only from the dead."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.records import Abandoned, RecordFile, framed, read


def _abandoned(folder):
    left = Abandoned(folder, "*.acts")
    found = [body for path in left.paths for body in read(path)]
    left.close()
    return found


@given(st.lists(st.binary(max_size=300)), st.integers(0, 2_000), st.binary(max_size=30))
def test_what_was_written_whole_before_the_first_damage_is_read(tmp_path_factory, bodies, cut, rubbish):
    path = tmp_path_factory.mktemp("records") / "a.acts"
    whole = b"".join(map(framed, bodies))
    path.write_bytes(whole[:cut] + rubbish)
    found = list(read(path))
    assert found[: len(bodies)] == bodies[: len(found)]
    assert len(found) >= sum(len(b"".join(map(framed, bodies[: n + 1]))) <= cut for n in range(len(bodies)))


def test_files_of_the_living_are_left_alone(tmp_path):
    mine = RecordFile(tmp_path / "me.acts")
    mine.append([b"one", b"two"])
    assert _abandoned(tmp_path) == []
    mine.close()
    assert _abandoned(tmp_path) == [b"one", b"two"]
    mine.remove()
    assert _abandoned(tmp_path) == _abandoned(tmp_path / "none") == []


def test_records_are_replaced_in_one_step_and_stay_locked(tmp_path):
    mine = RecordFile(tmp_path / "me.acts")
    mine.append([b"raw"])
    mine.become([b"judged", b"also"])
    mine.append([b"later"])
    assert list(read(mine.path)) == [b"judged", b"also", b"later"]
    assert _abandoned(tmp_path) == []
    mine.close()
    assert [path.name for path in tmp_path.iterdir() if path.name != "lock"] == ["me.acts"]


def test_what_is_adopted_is_no_longer_left(tmp_path):
    dead = RecordFile(tmp_path / "dead.acts")
    dead.append([b"x"])
    dead.close()
    left = Abandoned(tmp_path, "*.acts")
    (mine,) = left.adopt()
    left.close()
    assert list(read(mine.path)) == [b"x"]
    assert _abandoned(tmp_path) == []
    mine.become([b"y"])
    assert _abandoned(tmp_path) == []
    mine.remove()
    assert not mine.path.exists()


def test_a_full_disk_is_an_error_and_the_next_record_takes_the_place(tmp_path, monkeypatch):
    mine = RecordFile(tmp_path / "me.acts")
    mine.append([b"first"])
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: write(file, data[:7], at))
    with pytest.raises(OSError, match="space"):
        mine.append([b"cut short"])
    monkeypatch.undo()
    assert list(read(mine.path)) == [b"first"]
    mine.append([b"again"])
    assert list(read(mine.path)) == [b"first", b"again"]
    mine.remove()
