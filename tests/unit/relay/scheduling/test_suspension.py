"""A hold costs nothing of the retry schedule, and nothing ends while it is held or before it was tried afterwards."""

import pytest

DAY = 86_400.0


@pytest.fixture
def deferring(rig):
    courier = rig()
    courier.answer = lambda _job, _row: {"verdict": "deferred"}
    return courier


def test_a_held_row_goes_on_in_its_schedule_where_it_stood(deferring):
    deferring.accept([deferring.row()])
    deferring.run(30)
    (before,) = deferring.spool.values()
    deferring.hold(1, tenant="acme")
    deferring.run(2 * DAY)
    assert list(deferring.spool.values()) == [before]
    deferring.lift()
    began = len(deferring.attempts)
    deferring.run(1)
    (after,) = deferring.spool.values()
    assert len(deferring.attempts) == began + 1
    assert (before.attempts, after.attempts) == (1, 2)
    assert after.due - deferring.wall < 3600


def test_a_row_held_beyond_its_time_is_tried_before_it_ends(deferring):
    deferring.hold(1, domain="example.com")
    deferring.accept([deferring.row()])
    deferring.run(6 * DAY)
    assert deferring.ended == []
    assert deferring.attempts == []
    deferring.lift()
    deferring.run(3600)
    assert len(deferring.attempts) >= 1
    assert [each.expired for each in deferring.ended] == [True]
