"""Of many entries a filter is in memory: it never forgets one, and answers as the tables do."""

from __future__ import annotations

import os
import random
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from estafette.store.interface.records import Suppression, unnamed
from estafette.store.interface.stops import Key
from estafette.store.tables import suppressed as few
from estafette.store.tables.directory import DirectorySnapshot
from estafette.store.tables.filter import LEAST, Filter
from estafette.store.tables.multitude import FILE, Multitude
from estafette.store.tables.suppressed import Suppressed
from estafette.tenancy import streams, suppressions, tenants
from estafette.tenancy.streams import Habits
from estafette.tracking.token import person_of


@pytest.fixture(autouse=True)
def _many_are_few(monkeypatch):
    monkeypatch.setattr("estafette.store.tables.directory.MANY", 3)


@pytest.fixture
def tenant(office):
    return tenants.create(office, "acme")["id"]


def entries(tenant, count, at=0):
    return [
        Suppression(tenant=tenant, stream="", address=f"p{n}@a.test", reason="manual") for n in range(at, at + count)
    ]


def put(control, several):
    control.stops.write(several, None)


@given(st.sets(st.binary(max_size=20), max_size=300), st.sets(st.binary(max_size=20), max_size=50))
def test_a_filter_holds_whatever_was_added(members, others):
    made = Filter()
    made.add(members)
    assert all(member in made for member in members)
    assert sum(other in made for other in others - members) <= 3


def test_a_full_filter_grows_and_knows_strangers_from_members(tmp_path):
    made, count = Filter(), 2 * LEAST
    assert made.add(b"%d" % n for n in range(count)) > 0.99 * count
    assert all(b"%d" % n in made for n in range(count))
    strangers = sum(b"x%d" % n in made for n in range(20_000))
    assert strangers < 0.02 * 20_000
    made.save(tmp_path / "f", 7, "here", {"wild": ("t",)})
    again, head = Filter.load(tmp_path / "f")
    assert (head.version, head.origin, head.notes) == (7, "here", {"wild": ("t",)})
    assert all(b"%d" % n in again for n in range(0, count, 7))
    assert b"new" not in again or b"new" in made
    again.add([b"new"])
    assert b"new" in again
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: b"x" + data[1:], lambda _: b"", lambda data: data[:200]]
)
def test_a_damaged_file_is_no_file(tmp_path, damage):
    made = Filter()
    made.save(tmp_path / "f", 1, "", {})
    (tmp_path / "f").write_bytes(damage((tmp_path / "f").read_bytes()))
    assert Filter.load(tmp_path / "f") is None
    assert Filter.load(tmp_path / "none") is None


def test_many_answer_as_few_do(office, directory, tenant):
    chance = random.Random(6)
    streams.update(office, "acme", "bulk", Habits(suppression="tenant"))
    names = [f"p{n}@{host}.test" for n in range(6) for host in "ab"]
    put(office.control, entries(tenant, 5, at=100))
    directory.reload()
    assert isinstance(directory._suppressed, Multitude)
    for _ in range(60):
        stream = chance.choice(["", "bulk", "personal", "transactional"])
        address = chance.choice([*names, "*@a.test"])
        person = unnamed(person_of(office.keyring, tenant, address))
        known = Key(tenant, stream, chance.choice([address, person]))
        if chance.random() < 0.4:
            office.control.stops.remove([known], None)
        else:
            put(office.control, [Suppression(**known._asdict(), reason=chance.choice(["bounced", "erased"]))])
        directory.reload()
        whole = DirectorySnapshot(office.control, office.keyring)
        whole._suppressed = Suppressed()
        whole._suppressed.apply(office.control.suppression_changes(0))
        whole._view = directory._view
        for name in names:
            for each in ("bulk", "personal"):
                asked = (tenant, each, name)
                assert bool(directory.suppressed(*asked)) == bool(whole.suppressed(*asked)), asked


def test_a_second_process_begins_with_the_file_and_reads_what_came_after(office, tenant):
    put(office.control, entries(tenant, 50))
    first = Multitude(office.control.stops)
    put(office.control, entries(tenant, 5, at=50))
    office.control.stops.remove([Key(tenant, "", "p3@a.test")], None)
    read = []
    event.listen(office.control.engine, "before_cursor_execute", lambda *said: read.append(said[2]))
    second = Multitude(office.control.stops)
    if office.control.stops.file(FILE) is not None:
        assert all("version >" in each for each in read if each.startswith("SELECT suppression.tenant"))
    assert first.reason(tenant, "bulk", "p52@a.test", {}) == ""  # it has not looked yet
    first.update()
    for each in (first, second):
        assert [each.reason(tenant, "bulk", f"p{n}@a.test", {}) for n in (0, 3, 49, 52, 60)] == [
            "manual", "", "manual", "manual", "",
        ]  # fmt: skip


def test_a_file_of_other_tables_or_of_later_ones_is_not_believed(office, tenant, tmp_path):
    put(office.control, entries(tenant, 50))
    Multitude(office.control.stops)
    file = office.control.stops.file(FILE)
    if file is None:  # shared tables have none on this machine
        assert Multitude(office.control.stops).reason(tenant, "bulk", "p7@a.test", {}) == "manual"
        return
    assert file.exists()
    empty = Filter()
    for version, origin in ((10**9, office.control.stops.origin()), (1, "elsewhere 1")):
        empty.save(file, version, origin, {"unnamed": (), "wild": ()})
        assert Multitude(office.control.stops).reason(tenant, "bulk", "p7@a.test", {}) == "manual"
    os.truncate(file, 10)
    assert Multitude(office.control.stops).reason(tenant, "bulk", "p7@a.test", {}) == "manual"


def test_an_answer_is_remembered_until_it_changes(office, directory, tenant, monkeypatch):
    put(office.control, entries(tenant, 5))
    directory.reload()
    asked = []
    stops = office.control.stops
    monkeypatch.setattr(stops, "look_up", lambda *key: asked.append(key) or type(stops).look_up(stops, *key))
    for _ in range(3):
        assert directory.suppressed(tenant, "bulk", "p1@a.test") == "manual"
    assert len(asked) == 1
    suppressions.remove(office, "acme", "p1@a.test")
    directory.reload()
    assert directory.suppressed(tenant, "bulk", "p1@a.test") == ""
    assert len(asked) == 2


def test_an_answer_that_is_overtaken_is_not_remembered(office, tenant, monkeypatch):
    put(office.control, entries(tenant, 5))
    many, stops = Multitude(office.control.stops), office.control.stops

    def overtaken(*key):
        found = type(stops).look_up(stops, *key)
        monkeypatch.undo()
        office.control.stops.remove([Key(tenant, "", "p1@a.test")], None)
        many.update()
        return found

    monkeypatch.setattr(stops, "look_up", overtaken)
    many.reason(tenant, "bulk", "p1@a.test", {})
    assert many.reason(tenant, "bulk", "p1@a.test", {}) == ""


def test_while_millions_are_read_the_tables_are_asked_about_everybody(office, directory, tenant, monkeypatch):
    monkeypatch.setattr("estafette.store.tables.multitude.AT_ONCE", 1)
    reading, go = threading.Event(), threading.Event()
    add = Filter.add

    def slow(made, keys):
        if threading.current_thread().name == "suppressions":
            reading.set()
            assert go.wait(30)
        return add(made, keys)

    monkeypatch.setattr(Filter, "add", slow)
    put(office.control, entries(tenant, 50))
    suppressions.add(office, "acme", "*@wild.test")
    suppressions.add_person(office, "acme", person_of(office.keyring, tenant, "q@b.test"), reason="erased")
    directory.reload()
    assert reading.wait(30)

    def asked():
        names = ("p7@a.test", "x@wild.test", "q@b.test", "late@a.test", "p99@a.test")
        return [directory.suppressed(tenant, "bulk", name) for name in names]

    assert asked() == ["manual", "manual", "erased", "", ""]
    suppressions.add(office, "acme", "late@a.test")
    suppressions.remove(office, "acme", "p7@a.test")
    directory.reload()
    assert asked() == ["", "manual", "erased", "manual", ""]
    many = directory._suppressed
    assert not many.ready
    go.set()
    end = time.monotonic() + 30
    while not many.ready:
        assert time.monotonic() < end
        time.sleep(0.01)
    suppressions.add(office, "acme", "later@a.test")
    directory.reload()
    assert asked() == ["", "manual", "erased", "manual", ""]
    assert directory.suppressed(tenant, "bulk", "later@a.test") == "manual"
    assert many.octets > 0


def test_few_stay_in_memory():
    assert few.MANY >= 10_000
