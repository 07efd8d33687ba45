"""Reports from receivers at rest, on both engines."""

from __future__ import annotations

import threading

import msgspec
import pytest

from estafette.model.report import KeptReport, ReportRow
from estafette.store.interface.page import BadCursor, Page
from estafette.store.tables.control import ControlTables

DAY = 86_400


def report(identity: str, **more: object) -> KeptReport:
    fields = {
        "id": identity, "tenant": "t", "name": identity, "kind": "dmarc", "domain": "a.example", "reporter": "r", "report": identity,
        "contact": "", "begin": 10.0 * DAY, "end": 11.0 * DAY, "received": 100.0, "origin": "mail", "sender": "", "form": "rfc7489",
        "policy": "p=none", "messages": 5, "passed": 5, "unlisted": 0, "ours": 0, "ours_passed": 0,
    }  # fmt: skip
    return msgspec.convert(fields | more, KeptReport)


def row(source: str, count: int, **more: object) -> ReportRow:
    return msgspec.convert({"source": source, "count": count} | more, ReportRow)


OURS = row("192.0.2.1", 5, passed=True, ours=True, dkim="pass", spf="fail", reason="é")
FORGED = row("203.0.113.9", 3, dkim="fail", spf="fail", disposition="reject")


def keep(control: ControlTables, each: KeptReport, *rows: ReportRow, most: int = 9) -> str:
    return control.reports.keep(each, rows, since=0.0, most=most)


def test_a_report_is_kept_once_by_its_name_and_tenant(control: ControlTables) -> None:
    first = report("a")
    assert keep(control, first, OURS, FORGED) == "new"
    assert keep(control, report("b", name="a"), OURS) == "known"
    assert keep(control, report("c", name="a", tenant="u"), OURS) == "new"
    assert control.reports.find("a") == first
    assert control.reports.find("b") is None
    assert list(control.reports.rows("a")) == [OURS, FORGED]


def test_the_same_report_twice_at_once_is_kept_once(control: ControlTables) -> None:
    told: list[str] = []
    together = threading.Barrier(4)

    def one(place: int) -> None:
        together.wait()
        told.append(keep(control, report(f"r{place}", name="same"), OURS))

    threads = [threading.Thread(target=one, args=(place,)) for place in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(told) == ["known", "known", "known", "new"]
    assert [each.messages for each in control.reports.sources(Page(), tenant="t", first=0).items] == [5]


def test_a_tenant_has_so_many_and_others_are_not_held_up(control: ControlTables) -> None:
    told = [keep(control, report(str(n)), most=2) for n in range(3)]
    assert told == ["new", "new", "beyond_limit"]
    assert keep(control, report("u", tenant="u"), most=2) == "new"
    assert control.reports.keep(report("later", received=500.0), (), since=200.0, most=2) == "new"


def test_reports_are_paged_by_their_time(control: ControlTables) -> None:
    for n in range(5):
        keep(
            control,
            report(
                f"r{n}", end=float(n), kind="tls" if n == 2 else "dmarc", domain="b.example" if n == 3 else "a.example"
            ),
        )
    keep(control, report("own", tenant=""))
    first = control.reports.page(Page(limit=3), tenant="t")
    assert [each.id for each in first.items] == ["r4", "r3", "r2"]
    assert [each.id for each in control.reports.page(Page(limit=3, after=first.next), tenant="t").items] == ["r1", "r0"]
    assert [each.id for each in control.reports.page(Page(), tenant="").items] == ["own"]
    assert len(control.reports.page(Page(), tenant=None).items) == 6
    assert [each.id for each in control.reports.page(Page(), tenant="t", kind="tls").items] == ["r2"]
    assert [each.id for each in control.reports.page(Page(), tenant="t", domain="b.example").items] == ["r3"]
    with pytest.raises(BadCursor):
        control.reports.page(Page(after="zz"), tenant="t")


def test_sources_are_summed_over_reports_ours_first(control: ControlTables) -> None:
    keep(control, report("a"), OURS, FORGED, row("203.0.113.1", 2, spf="pass", passed=True, disposition="quarantine"))
    keep(control, report("b", begin=12.0 * DAY), OURS, FORGED)
    keep(control, report("c", domain="b.example"), OURS)
    keep(control, report("tls", kind="tls"), row("192.0.2.1", 50))
    keep(control, report("u", tenant="u"), OURS)
    first = control.reports.sources(Page(limit=2), tenant="t", first=10)
    rest = control.reports.sources(Page(limit=2, after=first.next), tenant="t", first=10)
    found = [*first.items, *rest.items]
    assert [(each.domain, each.source, each.ours, each.messages, each.passed) for each in found] == [
        ("a.example", "192.0.2.1", True, 10, 10),
        ("a.example", "203.0.113.1", False, 2, 2),
        ("a.example", "203.0.113.9", False, 6, 0),
        ("b.example", "192.0.2.1", True, 5, 5),
    ]
    assert (found[0].dkim, found[0].spf, found[0].first, found[0].last) == (10, 0, 10, 12)
    assert (found[1].spf, found[1].quarantined, found[2].rejected, rest.next) == (2, 2, 6, "")
    assert [each.messages for each in control.reports.sources(Page(), tenant="t", first=11).items] == [5, 3]
    assert len(control.reports.sources(Page(), tenant="t", first=0, domain="b.example").items) == 1
    assert control.reports.sources(Page(), tenant=None, first=0, domain="b.example").items[0].messages == 5


def test_days_are_summed(control: ControlTables) -> None:
    keep(control, report("a"), OURS, FORGED, row("192.0.2.2", 1, ours=True))
    keep(control, report("b", begin=12.0 * DAY + 5), FORGED)
    keep(control, report("u", tenant="u"), OURS)
    assert [msgspec.structs.astuple(each) for each in control.reports.days(tenant="t", first=0)] == [
        ("a.example", 12, 3, 0, 0, 0), ("a.example", 10, 9, 5, 6, 5),
    ]  # fmt: skip
    assert [each.day for each in control.reports.days(tenant="t", first=11)] == [12]
    assert len(control.reports.days(tenant=None, first=0, limit=1)) == 1


def test_sums_of_the_greatest_counts_are_whole_numbers(control: ControlTables) -> None:
    keep(control, report("a"), *(row("192.0.2.1", 10**12) for _ in range(1_000)))
    (found,) = control.reports.sources(Page(), tenant="t", first=0).items
    assert found.messages == 10**15
    assert type(found.messages) is int


def test_old_reports_are_forgotten_with_their_rows(control: ControlTables) -> None:
    for n in range(3):
        keep(control, report(f"r{n}", end=float(n)), OURS)
    assert control.reports.prune(2.0) == 2
    assert [each.id for each in control.reports.page(Page(), tenant=None).items] == ["r2"]
    assert list(control.reports.rows("r0")) == []
    assert control.reports.prune(2.0) == 0
