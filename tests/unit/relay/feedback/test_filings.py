"""Which filed reports are written to the log."""

from __future__ import annotations

import pytest
from tests.contract.kit import START, mint

from estafette.model.event import Event
from estafette.relay.feedback import filings
from estafette.relay.feedback.filings import HOUR, OF_A_KIND, OF_A_SOURCE, Filings
from estafette.relay.feedback.returned import Returned


def returned(path: int = 1, source: str = "192.0.2.9", at: float = 0.0, *, paths: bool = True) -> Returned:
    return Returned(1, at, "", ("x@y",), source, b"", ((path, 1),) if paths else ())


def filed(reason: str = "not_ours_foreign"):
    return Event(mint.next(), START, "unknown", "", "", 0, 0, reason=reason)


def written(book: Filings, times: int, *reasons: str, **how) -> int:
    return sum(len(book.kept(returned(**how), (filed(*reasons),))) for _ in range(times))


def test_five_of_a_kind_are_written_of_one_path():
    book = Filings()
    assert written(book, 50) == OF_A_KIND
    assert written(book, 50, "not_ours_replayed") == OF_A_KIND
    assert written(book, 1, path=2) == 1


def test_a_source_has_its_share_of_an_hour_whatever_paths_it_writes_to():
    book = Filings()
    assert sum(written(book, 1, path=number) for number in range(300)) == OF_A_SOURCE
    assert written(book, 1, path=999, at=HOUR) == 1
    assert written(book, 1, path=998, source="192.0.2.8") == 1


@pytest.mark.parametrize(("source", "room"), [("2001:db8::2", 0), ("2001:db8:0:1::2", 1), ("not an address", 1)])
def test_a_source_of_ipv6_is_its_network(source, room):
    book = Filings()
    written(book, OF_A_SOURCE, source="2001:db8::1", paths=False)
    assert written(book, 1, source=source, paths=False) == room


def test_what_is_of_a_tenant_is_always_written():
    book = Filings()
    late = Event(mint.next(), START, "bounced", "t1", "main", 1, 1, reason="late")
    assert all(book.kept(returned(), (late, filed()))[0] is late for _ in range(50))


def test_a_walk_over_many_paths_is_remembered_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(filings, "MOST", 10)
    book = Filings()
    for number in range(40):
        written(book, 1, path=number, source=f"192.0.2.{number}")
    assert len(book._paths) == len(book._sources) == 10
