from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.config.schema import Delivery
from estafette.model.outcome import Outcome
from estafette.relay.scheduling.clockwork import Clockwork
from estafette.relay.scheduling.patience import patiences
from estafette.relay.scheduling.retry import Retry
from estafette.smtp.classification.vocabulary import vocabulary

DAY = 86400.0
WAITS = [120.0, 300.0, 600.0]


def outcome(**fields):
    return Outcome(**{"message": 1, "number": 1, "verdict": "deferred", **fields})


@given(st.floats(0, 0.999), st.integers(0, 50))
def test_waits_follow_the_schedule_within_a_fifth(spread, attempts):
    retry = Retry(WAITS, lambda: spread)
    wait = retry.wait(attempts, outcome(), retry.jitter())
    base = WAITS[min(attempts, 2)]
    assert base * 0.8 <= wait < base * 1.2


@given(st.floats(), st.floats(0, 0.999), st.integers(0, 50))
def test_hints_are_bounded_and_never_shortened(hint, spread, attempts):
    retry = Retry(WAITS, lambda: spread)
    wait = retry.wait(attempts, outcome(retry_after=hint), retry.jitter())
    assert 5 <= wait <= DAY * 1.05
    if not math.isnan(hint):
        assert wait >= min(max(hint, 5), DAY)


def test_a_hint_shortens_only_the_first_waits():
    retry = Retry(WAITS, lambda: 0.5)
    assert retry.wait(0, outcome(retry_after=60.0), 1.0) < 70
    assert retry.wait(5, outcome(retry_after=60.0), 1.0) == 600


def test_unknown_after_the_dot_waits_a_quarter_of_an_hour():
    retry = Retry(WAITS, lambda: 0.0)
    assert retry.wait(0, outcome(verdict="unknown"), 0.8) >= 900


def test_the_last_attempt_is_at_expiry_and_then_it_ends(rig):
    courier = rig()
    courier.accept([courier.row(expires=courier.wall + 1000)])
    courier.answer = lambda _job, _row: {"verdict": "deferred"}
    courier.run(2000)
    assert courier.decisions[-1].expired
    assert 1000 <= courier.attempts[-1][0] - courier.attempts[0][0] <= 1010
    assert courier.spool == {}


def test_delay_warning_once_after_four_hours(rig):
    courier = rig()
    courier.accept([courier.row(priority=0)])
    courier.answer = lambda _job, _row: {"verdict": "deferred"}
    courier.run(DAY)
    warned = [each for each in courier.decisions if each.delay_warning_due]
    assert len(warned) == 1
    assert 4 * 3600 <= warned[0].due - warned[0].delivery.born <= 9 * 3600


def test_expiry_and_warning_reach_rows_behind_a_dead_site(rig):
    courier = rig()
    courier.answer = lambda _job, _row: {"verdict": "deferred", "site_failure": True, "phase": "connect"}
    courier.accept(courier.row(priority=0, expires=courier.wall + DAY) for _ in range(200))
    courier.run(DAY + 4 * 3600)
    assert len(courier.ended) == 200
    assert all(each.expired for each in courier.ended)
    warned = {each.delivery.key for each in courier.decisions if each.delay_warning_due}
    assert len(warned) == 200


@pytest.mark.parametrize("jump", [2 * DAY, 10 * DAY])
def test_nothing_expires_without_an_attempt_after_a_jump_forward(rig, jump):
    courier = rig()
    courier.answer = lambda _job, _row: {"verdict": "deferred"}
    courier.accept(courier.row() for _ in range(50))
    courier.run(30)
    flying = courier.accept([courier.row(lane="slow.example")])[0]
    courier.service = lambda _job: 50.0 if _job.site == "slow.example" else 0.1
    courier.run(1)
    courier.wall += jump
    before = len(courier.attempts)
    courier.run(3600)
    tried = {row.key for _, row in courier.attempts[before:]}
    for each in courier.ended:
        assert each.delivery.key in tried
    assert flying.key in tried or flying.key in courier.spool


def test_a_dead_site_is_probed_again_before_a_jump_expires_its_rows(rig):
    courier = rig()
    courier.answer = lambda _job, _row: {"verdict": "deferred", "site_failure": True, "phase": "connect"}
    courier.accept(courier.row() for _ in range(60))
    courier.run(10)
    courier.wall += 10 * DAY
    assert courier.overdue() == []
    before = len(courier.attempts)
    courier.run(7200)
    assert courier.ended
    assert len(courier.attempts) > before


@pytest.mark.parametrize("jumped", [False, True])
def test_a_clock_jump_annuls_the_failed_probe_of_a_dead_site(rig, jumped):
    """The same rows at the same moment: time that passed ends them, time that was only said to have passed does not."""
    courier = rig()
    courier.answer = lambda _job, _row: {"verdict": "deferred", "site_failure": True, "phase": "connect"}
    courier.accept(courier.row(expires=courier.wall + 1000) for _ in range(60))
    courier.run(20)
    assert courier.scheduler.lane_states(courier.mono)[0].dead
    waiting = courier.scheduler.ready
    assert waiting
    if jumped:
        courier.pass_time(40)
        courier.wall += 960
    else:
        courier.pass_time(1000)
    assert len(courier.overdue()) == (0 if jumped else waiting)
    courier.commit()
    before = len(courier.attempts)
    courier.run(3 * 3600)
    assert len(courier.ended) == 60
    assert len(courier.attempts) > before or not jumped


def test_a_step_back_delays_neither_retries_nor_arrivals(rig):
    courier = rig()
    courier.answer = lambda _job, _row: {"verdict": "deferred"}
    courier.accept([courier.row()])
    courier.run(1)
    courier.wall -= DAY
    courier.run(200)
    assert len(courier.attempts) == 2
    courier.accept([courier.row()])
    courier.run(1)
    assert len(courier.attempts) == 3
    courier.run(3600)
    assert 4 < len(courier.attempts) < 20


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-1e6, 1e6)), max_size=20))
def test_the_clock_of_due_times_never_goes_back(steps):
    clock, now, mono, last = Clockwork(), 1e9, 0.0, 0.0
    for passed, jump in steps:
        mono += passed
        now += passed + jump
        clock.advance(now, mono)
        assert clock.time >= last
        assert clock.time >= now
        last = clock.time


@given(st.floats(1e9, 2e9), st.floats(0, 1e7))
def test_the_first_reading_is_never_behind_the_wall_clock_not_by_a_rounding(now, mono):
    clock = Clockwork()
    clock.advance(now, mono)
    assert clock.time >= now


def test_a_clock_that_stepped_back_between_two_runs_runs_on_from_the_old_time():
    clock = Clockwork(floor=1e9)
    clock.advance(1e9 - 3 * 86400, 50.0)
    assert clock.time == 1e9
    clock.advance(1e9 - 3 * 86400 + 10, 60.0)
    assert clock.time == 1e9 + 10


def test_a_floor_that_is_a_little_ahead_changes_nothing():
    clock = Clockwork(floor=1e9 + 10)
    clock.advance(1e9, 0.0)
    assert clock.time == 1e9


def test_a_full_mailbox_is_asked_again_after_a_day_and_then_two(rig):
    courier = rig()
    courier.accept([courier.row(expires=courier.wall + 20 * DAY)])
    courier.answer = lambda _job, _row: {"verdict": "deferred", "category": "mailbox_full"}
    courier.run(10 * DAY)
    times = [at for at, _ in courier.attempts]
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(waits) >= 3
    for wait, hours in zip(waits, (30, *[48] * (len(waits) - 1)), strict=True):
        assert hours * 3600 * 0.8 <= wait <= hours * 3600 * 1.2 + 10


def test_a_full_mailbox_is_asked_a_last_time_when_the_message_expires(rig):
    courier = rig()
    courier.accept([courier.row(expires=courier.wall + 3600)])
    courier.answer = lambda _job, _row: {"verdict": "deferred", "category": "mailbox_full"}
    courier.run(2 * 3600)
    assert [round(at - courier.attempts[0][0], -2) for at, _ in courier.attempts] == [0, 3600]
    assert courier.ended[0].expired


@pytest.mark.parametrize("category", sorted(patiences()))
@given(spread=st.floats(0, 0.999), attempts=st.integers(0, 50))
def test_a_slow_category_never_waits_less_than_the_schedule(category, spread, attempts):
    retry = Retry(WAITS, lambda: spread)
    jitter = retry.jitter()
    assert retry.wait(attempts, outcome(category=category), jitter) >= retry.wait(attempts, outcome(), jitter)


@pytest.mark.parametrize(
    ("category", "hours"),
    [
        ("mailbox_full", [30, 48, 48]),
        ("rate_limited", [1 / 6, 1 / 3, 2 / 3, 1, 2, 3, 3]),
        ("recipient_rate", [1 / 6, 1 / 3]),
        ("greylisted", [1 / 12, 1 / 6]),
        ("remote_system", [1 / 30, 1 / 12]),
    ],
)
def test_the_shipped_schedule_waits_as_long_as_the_reply_means(category, hours):
    retry = Retry(Delivery().retry, lambda: 0.5)
    waits = [retry.wait(attempts, outcome(category=category), 1.0) for attempts in range(len(hours))]
    assert waits == pytest.approx([each * 3600 for each in hours])


def test_whoever_shortens_the_schedule_shortens_all_of_it():
    retry = Retry([1.0], lambda: 0.5)
    assert max(retry.wait(3, outcome(category=category), 1.0) for category in patiences()) <= 16


@pytest.mark.parametrize("category", sorted(patiences()))
def test_what_a_peer_asks_for_goes_before_what_its_reply_means(category):
    retry = Retry(WAITS, lambda: 0.5)
    assert 10 <= retry.wait(0, outcome(category=category, retry_after=10.0), 1.0) <= 10.5


def test_every_category_that_is_to_go_slower_has_its_steps_and_no_other_name_is_in_the_file():
    slow = {name for name, each in vocabulary().items() if each.action == "back_off_slow"}
    assert slow <= set(patiences())
    assert set(patiences()) <= set(vocabulary())
