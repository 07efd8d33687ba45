from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.reporting.intervals import Interval, difference, poisson, wilson

CASES = 2_000
counted = st.integers(0, 5_000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_in_newcombe_1998_table_i(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson(successes, trials)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_differences_as_in_newcombe_1998_table_ii(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = difference(first, second)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(("count", "low", "high"), [(5, 1.623, 11.668), (10, 4.795, 18.390), (100, 81.364, 121.627)])
def test_poisson_is_within_two_percent_of_the_exact_limits(count: int, low: float, high: float) -> None:
    found = poisson(count)
    assert found.low == pytest.approx(low, rel=0.02)
    assert found.high == pytest.approx(high, rel=0.02)


@given(counted, st.sampled_from([0.8, 0.95, 0.999]))
def test_a_share_lies_in_its_interval_and_mirrors(pair: tuple[int, int], confidence: float) -> None:
    successes, trials = pair
    found, mirror = wilson(successes, trials, confidence), wilson(trials - successes, trials, confidence)
    assert 0.0 <= found.low <= found.high <= 1.0
    assert trials == 0 or found.holds(successes / trials)
    assert found.low == pytest.approx(1 - mirror.high)
    assert found.high == pytest.approx(1 - mirror.low)


@given(counted, counted)
def test_a_difference_turned_round_is_the_negative(first: tuple[int, int], second: tuple[int, int]) -> None:
    there, back = difference(first, second), difference(second, first)
    assert -1.0 <= there.low <= there.high <= 1.0
    assert there.low == pytest.approx(-back.high)
    assert there.high == pytest.approx(-back.low)


@given(st.integers(0, 10**9))
def test_a_count_lies_in_its_interval(count: int) -> None:
    assert 0.0 <= poisson(count).low <= count <= poisson(count).high


@given(counted)
def test_more_confidence_is_never_narrower(pair: tuple[int, int]) -> None:
    assert wilson(*pair, 0.99).low <= wilson(*pair, 0.9).low
    assert wilson(*pair, 0.99).high >= wilson(*pair, 0.9).high


@pytest.mark.parametrize(("trials", "share"), [(200, 0.05), (200, 0.5), (1_000, 0.02), (400, 0.97)])
def test_wilson_covers_what_was_planted(trials: int, share: float) -> None:
    random = Random(20_260_401)
    hits = sum(wilson(_binomial(random, trials, share), trials).holds(share) for _ in range(CASES))
    assert 0.93 <= hits / CASES <= 0.975


def test_a_difference_covers_what_was_planted() -> None:
    random = Random(20_260_402)
    hits = 0
    for _ in range(CASES):
        found = difference((_binomial(random, 300, 0.08), 300), (_binomial(random, 250, 0.04), 250))
        hits += found.holds(0.04)
    assert 0.93 <= hits / CASES <= 0.975


def test_poisson_covers_what_was_planted() -> None:
    random = Random(20_260_403)
    # A binomial of many rare trials is as good as Poisson here.
    hits = sum(poisson(_binomial(random, 1_000, 0.012)).holds(12.0) for _ in range(CASES))
    assert 0.93 <= hits / CASES <= 0.99


def test_what_is_no_share_and_no_count_is_refused() -> None:
    with pytest.raises(ValueError, match="5 of 4"):
        wilson(5, 4)
    with pytest.raises(ValueError, match="-1"):
        poisson(-1)


def test_nothing_counted_says_nothing() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0)
    assert poisson(0).low == 0.0
    assert poisson(0).high == pytest.approx(3.689, rel=0.02)


def _binomial(random: Random, trials: int, share: float) -> int:
    return sum(random.random() < share for _ in range(trials))
