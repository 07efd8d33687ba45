"""Complaints and tickets at rest, on both engines."""

from __future__ import annotations

import msgspec
import pytest

from estafette.model.complaint import Complaint
from estafette.model.ticket import Ticket
from estafette.store.interface.page import Page
from estafette.store.interface.records import Stale
from estafette.store.tables.control import ControlTables
from estafette.tenancy import tenants
from estafette.tenancy.office import Office


@pytest.fixture
def tenant(office: Office) -> str:
    return str(tenants.create(office, "acme")["id"])


def complaint(tenant: str, message: int = 1 << 50, number: int = 1, **more: object) -> Complaint:
    fields = {"stream": "bulk", "event": 1, "report": 7, "at": 10.0, "seen": 10.0} | more
    return msgspec.convert({"tenant": tenant, "message": message, "number": number} | fields, Complaint)


def ticket(identity: str, **more: object) -> Ticket:
    fields = {"tenant": "t", "address": "abuse@a.example", "sender": "b@b.example", "received": 10.0, "seen": 10.0}
    rest = {"id": identity, "message": hash(identity) & 0xFFFFFFFF, "likeness": identity} | more
    return msgspec.convert(fields | rest, Ticket)


def test_a_copy_is_kept_once_and_its_reports_are_counted(control: ControlTables, tenant: str) -> None:
    first = complaint(tenant)
    assert control.complaints.note(first) == first
    assert control.complaints.note(first) == first
    again = control.complaints.note(complaint(tenant, event=2, report=8, at=20.0, seen=20.0))
    assert (again.event, again.at, again.seen, again.reports) == (1, 10.0, 20.0, 2)
    assert control.complaints.note(complaint(tenant, number=2)).number == 2


def test_a_tenant_that_is_not_there_has_none(control: ControlTables) -> None:
    with pytest.raises(Stale):
        control.complaints.note(complaint("0000000000000"))


def test_counts_are_by_stream_from_a_message_and_a_moment_on(control: ControlTables, tenant: str) -> None:
    for place, at in enumerate((10.0, 20.0, 30.0)):
        control.complaints.note(complaint(tenant, message=100 + place, at=at))
    control.complaints.note(complaint(tenant, message=103, stream="news"))
    assert control.complaints.count([tenant], 0) == {(tenant, "bulk"): 3, (tenant, "news"): 1}
    assert control.complaints.count([tenant], 101) == {(tenant, "bulk"): 2, (tenant, "news"): 1}
    assert control.complaints.count([tenant], 0, 20.0) == {(tenant, "bulk"): 2}
    assert control.complaints.count(["other"], 0) == {}
    assert [each.at for each in control.complaints.newest(tenant, "bulk", 2)] == [30.0, 20.0]


def test_what_was_last_reported_long_ago_is_forgotten(control: ControlTables, tenant: str) -> None:
    control.complaints.note(complaint(tenant))
    control.complaints.note(complaint(tenant, number=2, seen=50.0))
    assert control.complaints.prune(20.0) == 1
    assert [each.number for each in control.complaints.newest(tenant, "bulk")] == [2]


def test_tickets_are_paged_by_tenant_and_state(control: ControlTables, office: Office) -> None:
    for place in range(5):
        control.tickets.open(ticket(f"{place}", received=float(place)), alike_since=0, most=9)
    control.tickets.open(ticket("service", tenant=""), alike_since=0, most=9)
    first = control.tickets.page(Page(limit=3), tenant="t")
    assert [each.id for each in first.items] == ["4", "3", "2"]
    assert [each.id for each in control.tickets.page(Page(limit=3, after=first.next), tenant="t").items] == ["1", "0"]
    assert [each.id for each in control.tickets.page(Page(), tenant="").items] == ["service"]
    assert len(control.tickets.page(Page(), tenant=None).items) == 6
    closed = msgspec.structs.replace(first.items[0], state="closed", closed=3.0)
    control.tickets.change(closed, office.entry("ticket.close"))
    assert control.tickets.find("4") == closed
    assert [each.id for each in control.tickets.page(Page(), tenant="t", state="closed").items] == ["4"]
    with pytest.raises(Stale):
        control.tickets.change(ticket("none"), office.entry("ticket.close"))


def test_mail_alike_is_counted_and_a_full_list_takes_no_more(control: ControlTables) -> None:
    assert control.tickets.open(ticket("a", likeness="x"), alike_since=0, most=2) is not None
    alike = control.tickets.open(ticket("b", likeness="x", seen=20.0), alike_since=5.0, most=2)
    assert alike is not None
    assert (alike.id, alike.times, alike.seen) == ("a", 2, 20.0)
    assert control.tickets.open(ticket("c", likeness="x"), alike_since=30.0, most=2) is not None
    assert control.tickets.open(ticket("d"), alike_since=0, most=2) is None
    assert control.tickets.prune(15.0) == 1
    assert control.tickets.find("c") is None
