from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.consent import ANSWERS, ConsentAct, ConsentState
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.consents import ConsentChanges
from estafette.store.interface.page import BadCursor, Page
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.agreed import Agreed, Heads
from estafette.store.tables.control import ControlTables
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy.office import Office
from estafette.tracking.token import person_of

ANNA, BOB = b"a" * 12, b"b" * 12
DIGEST = b"d" * 16


@pytest.fixture
def tables(control: ControlTables) -> ControlTables:
    for name in ("t", "u"):
        streams = [Stream(tenant=name, name="bulk", kind="bulk")]
        control.add_tenant(Tenant(id=name, name=name), streams, AuditEntry(at=1.0, actor="x", action="x"))
    return control


def said(state: ConsentState, at: float, person: bytes = ANNA, tenant: str = "t") -> ConsentAct:
    return ConsentAct(tenant=tenant, person=person, state=state, at=at, method="form", by="cli:x", shown=DIGEST)


def record(tables: ControlTables, *acts: ConsentAct) -> list[tuple[str, int]]:
    entry = AuditEntry(at=1.0, actor="cli:x", action="consent.record", tenant=acts[0].tenant)
    return [(each.state, each.number) for each in tables.consents.record(acts, {DIGEST: "May we?"}, entry)]


def test_the_last_word_counts_and_every_word_is_kept(tables: ControlTables) -> None:
    assert record(tables, said("granted", 5.0)) == [("granted", 1)]
    assert record(tables, said("withdrawn", 6.0), said("denied", 7.0, BOB)) == [("withdrawn", 2), ("denied", 1)]
    assert [(each.state, each.at, each.number) for each in tables.consents.acts("t", ANNA)] == [
        ("granted", 5.0, 1),
        ("withdrawn", 6.0, 2),
    ]
    assert tables.consents.texts("t", [DIGEST]) == {DIGEST: "May we?"}
    assert tables.consents.acts("u", ANNA) == ()
    assert tables.consents.texts("u", [DIGEST]) == {}


def test_what_is_told_late_is_proof_and_changes_nothing(tables: ControlTables) -> None:
    record(tables, said("granted", 9.0))
    assert record(tables, said("withdrawn", 8.0)) == [("granted", 2)]
    assert len(tables.consents.acts("t", ANNA)) == 2


def test_what_is_told_twice_is_kept_once(tables: ControlTables) -> None:
    acts = [said("granted", 5.0), said("withdrawn", 6.0), said("withdrawn", 6.0)]
    record(tables, *acts)
    assert record(tables, *acts[:2]) == [("withdrawn", 2), ("withdrawn", 2)]
    assert len(tables.consents.acts("t", ANNA)) == 2


def test_lists_are_paged_by_person_and_filtered_by_state(tables: ControlTables) -> None:
    people = [bytes([number]) * 12 for number in range(5)]
    record(tables, *(said("granted" if person[0] % 2 else "denied", 1.0, person) for person in people))
    record(tables, said("granted", 1.0, ANNA, "u"))
    first = tables.consents.list(Page(limit=3), tenant="t")
    rest = tables.consents.list(Page(limit=3, after=first.next), tenant="t")
    assert [each.person for each in (*first.items, *rest.items)] == people
    assert rest.next == ""
    assert [each.person[0] for each in tables.consents.list(Page(), tenant="t", state="granted").items] == [1, 3]
    assert [each.person[0] for each in tables.consents.states("t", people[:2])] == [0, 1]
    with pytest.raises(BadCursor):
        tables.consents.list(Page(after="WyJ6eiJd"), tenant="t")


def test_the_directory_answers_for_addresses_and_for_hashes(
    tables: ControlTables, office: Office, directory: DirectorySnapshot
) -> None:
    person = person_of(office.keyring, "t", "bob@example.test")
    directory.reload()
    assert (directory.consent("t", "bob@example.test"), directory.withdrawn("t", person)) == ("", False)
    for state, at, wanted in (("granted", 1.0, "granted"), ("withdrawn", 2.0, "refused"), ("granted", 3.0, "granted")):
        record(tables, said(state, at, person))
        directory.reload()
        assert directory.consent("t", "Bob@Example.test") == wanted
        assert directory.withdrawn("t", person) is (wanted == "refused")
    assert directory.consent("u", "bob@example.test") == ""
    assert directory.consent("t", "anna@example.test") == ""


def test_many_at_once_are_read_in_any_order(tables: ControlTables, directory: DirectorySnapshot) -> None:
    people = [number.to_bytes(2, "little") * 6 for number in range(1200)]
    record(tables, *(said("granted", 1.0, person) for person in people))
    directory.reload()
    record(tables, *(said("denied", 2.0, person) for person in people[:300]), said("granted", 2.0, BOB))
    directory.reload()
    assert [directory.withdrawn("t", person) for person in people] == [True] * 300 + [False] * 900
    assert {directory._agreed.answer("t", person) for person in people[300:]} == {"granted"}


HEADS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40), max_size=30)


@given(st.lists(st.tuples(st.booleans(), HEADS), max_size=8))
def test_heads_are_a_set(acts: list[tuple[bool, list[int]]]) -> None:
    heads, wanted = Heads(), set[int]()
    for adds, numbers in acts:
        if adds:
            heads.take(array("Q", sorted(set(numbers))))
            wanted.update(numbers)
        else:
            heads.drop(numbers)
            wanted.difference_update(numbers)
    assert list(heads._held) == sorted(wanted)
    assert all((number in heads) == (number in wanted) for number in range(41))


@given(st.lists(st.tuples(st.sampled_from(ANSWERS), st.integers(0, 3)), max_size=12))
def test_nobody_has_both_granted_and_refused(words: list[tuple[str, int]]) -> None:
    agreed, last = Agreed(), dict[int, str]()
    for state, number in words:
        kind = "granted" if state == "granted" else "refused"
        agreed.apply(ConsentChanges(version=1, **{kind: {"t": array("Q", [number])}}))
        last[number] = kind
    assert {number: agreed.answer("t", number.to_bytes(8, "big") + b"rest") for number in last} == last
    assert agreed.knows("t") is bool(last)
