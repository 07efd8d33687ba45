from __future__ import annotations

from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.reporting.weeks import drawn

from estafette.reporting.baseline import poisson_tail, usual_level, usual_share


@pytest.mark.parametrize(
    ("count", "mean", "chance"), [(1, 1.0, 1.0), (2, 1.0, 1 - 2 * exp(-1)), (10, 4.0, 0.008132), (5, 0.1, 7.6677e-8)]
)
def test_poisson_tails(count, mean, chance):
    assert poisson_tail(count, mean) == pytest.approx(chance, rel=1e-3)


@given(st.integers(0, 10**7), st.floats(0, 1e7))
def test_a_tail_is_a_chance(count, mean):
    assert 0.0 <= poisson_tail(count, mean) <= 1.0


@given(st.integers(1, 500), st.floats(0.01, 200))
def test_more_events_are_never_more_probable(count, mean):
    assert poisson_tail(count + 1, mean) <= poisson_tail(count, mean)


def test_a_share_without_spread_has_none():
    random = Random(3)
    usual = usual_share([(drawn(random, 20.0), 1_000) for _ in range(500)])
    assert usual.share == pytest.approx(0.02, rel=0.05)
    assert usual.spread < 0.1
    assert usual.base == 500_000


def test_a_planted_spread_is_estimated():
    random = Random(4)
    usual = usual_share([(drawn(random, 30.0 * exp(random.gauss(0, 0.3))), 1_000) for _ in range(500)])
    assert usual.spread == pytest.approx(0.3, abs=0.05)


def test_what_was_unusual_is_left_out():
    random = Random(5)
    quiet = [(drawn(random, 10.0), 1_000) for _ in range(200)]
    assert usual_share([*quiet, (900, 1_000)]).share == pytest.approx(usual_share(quiet).share, rel=0.01)


def test_nothing_seen_says_nothing():
    assert usual_share([]) is None
    assert usual_share([(0, 0)]) is None
    assert usual_level([]) is None


def test_what_never_happened_is_not_impossible():
    assert 0 < usual_share([(0, 10_000)]).share < 1e-4


@given(st.lists(st.tuples(st.integers(0, 1_000), st.integers(0, 1_000)).filter(lambda pair: pair[0] <= pair[1])))
def test_any_past_can_be_judged(past):
    usual = usual_share(past)
    if usual is not None:
        assert 0.0 <= usual.tail(5, 100) <= 1.0
