from __future__ import annotations

from typing import Any

import pytest
from tests.unit.relay.submission.test_gate import PLAIN, Desk, Still

from estafette.base.errors import Refusal
from estafette.model.credential import Identity
from estafette.model.event import unpack
from estafette.model.message import Submission
from estafette.model.plan import Plan
from estafette.relay.submission.terms import PACED
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import tenants
from estafette.tenancy.office import Office
from estafette.tenancy.quota import Quota

NEXT_HOUR = 1_700_000_000 - 1_700_000_000 % 3600 + 3600


@pytest.fixture
def desk(office: Office, directory: DirectorySnapshot) -> Desk:
    return Desk(office, directory)


@pytest.fixture
def anna(desk: Desk) -> Identity:
    return desk.login()


def _limited(desk: Desk, **terms: Any) -> Desk:
    desk.office.control.plans.add_plan(Plan(name="small", **terms), desk.office.entry("test"))
    tenants.update(desk.office, "Acme", plan="small")
    desk.directory.reload()
    desk.gate._quota = Quota(desk.office.control, Still(), 0, 5 * 86400.0)
    return desk


def _reasons(submission: Submission) -> list[str]:
    return [unpack(event).reason for event in submission.events]


def test_recipients_beyond_the_hour_wait_and_say_why(desk: Desk, anna: Identity) -> None:
    _limited(desk, hourly=2)
    kept = desk.finish(anna, PLAIN, "b@example.test", "c@example.test", "d@example.test")
    assert [row.due for row in kept.deliveries] == [1_700_000_000.25, 1_700_000_000.25, NEXT_HOUR]
    assert [row.last.startswith(PACED) for row in kept.deliveries] == [False, False, True]
    assert [unpack(event).charged for event in kept.events] == [0, 0, NEXT_HOUR]


def test_a_message_that_would_wait_too_long_is_refused(desk: Desk, anna: Identity) -> None:
    _limited(desk, monthly=1)
    assert len(desk.finish(anna, PLAIN).deliveries) == 1
    with pytest.raises(Refusal) as caught:
        desk.finish(anna, PLAIN)
    assert (caught.value.code, caught.value.rule) == (452, "quota")
    assert (caught.value.retry_after or 0) > 86400


def test_a_person_who_writes_to_many_is_served_as_bulk_and_the_log_says_so(desk: Desk) -> None:
    person = desk.login(stream="personal")
    _limited(desk, hourly=1000)
    some = desk.finish(person, PLAIN, *(f"u{n}@example.test" for n in range(100)))
    many = desk.finish(person, PLAIN, *(f"u{n}@example.test" for n in range(101)))
    assert {row.priority for row in some.deliveries} == {0}
    assert {row.priority for row in many.deliveries} == {2}
    assert set(_reasons(some)) == {""}
    assert set(_reasons(many)) == {"bulk_lane"}
    assert {row.stream for row in many.deliveries} == {"personal"}


def test_bulk_needs_identity_address_and_a_key(desk: Desk) -> None:
    desk.gate._bulk_checked = True
    shop = desk.login(stream="bulk")
    steps: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "identity, a postal address, a DKIM key"),
        ({"identity": "Acme Ltd"}, "a postal address, a DKIM key"),
        ({"postal_address": "1 High Street"}, "without a DKIM key of acme.test"),
    )
    for changes, missing in steps:
        if changes:
            tenants.update(desk.office, "Acme", **changes)
            desk.directory.reload()
        with pytest.raises(Refusal, match=missing):
            desk.finish(shop, PLAIN)
