"""Ranges of readers and clickers: what the panel says, weighted, and when it says too little."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.reporting import estimate
from estafette.reporting.intervals import wilson
from estafette.reporting.panel import Stratum


def stratum(provider: str = "google", delivered: int = 1_000, **counts) -> Stratum:
    return Stratum(provider=provider, delivered=delivered, **counts)


def test_clickers_are_wilsons_interval_of_the_delivered():
    found = estimate.clickers([stratum(clickers=30), stratum("orange", clickers=20)])
    assert (found.share, found.panel, found.seen) == (0.025, 2_000, 50)
    assert found.interval == wilson(50, 2_000)


def test_clicks_that_nobody_can_tell_widen_the_range_upwards_only():
    found = estimate.clickers([stratum(clickers=30, unsure=100)])
    assert (found.share, found.interval.low) == (0.03, wilson(30, 1_000).low)
    assert found.interval.high == wilson(130, 1_000).high


def test_the_panel_of_a_provider_stands_for_its_hidden_recipients():
    # Half of one provider is hidden, nobody of the other: both count as many as they are.
    found = estimate.openers([stratum(hidden=500, opened=250), stratum("orange", opened=100)])
    assert found.share == pytest.approx(0.5 * 0.5 + 0.5 * 0.1)
    assert (found.panel, found.seen) == (1_500, 350)


def test_a_provider_without_a_panel_of_its_own_is_taken_with_others_like_it():
    small = [stratum(f"mx{n}.test", 10, opened=5) for n in range(100)]
    found = estimate.openers([stratum(opened=100), *small])
    assert found.share == pytest.approx(0.3)
    hidden = estimate.openers([stratum(opened=100), stratum("apple", 1_000, hidden=990, opened=10)])
    assert hidden.share == pytest.approx(0.5 * 0.1 + 0.5 * 110 / 1_010)


def test_readers_without_images_are_found_by_their_clicks():
    # 60 of 80 clickers were seen to open: a quarter of all readers is missing.
    found = estimate.readers([stratum(opened=300, clicked=80, both=60, clickers=80)])
    assert found.share == pytest.approx(0.3 / 0.75, rel=0.01)
    shown = estimate.openers([stratum(opened=300)])
    assert found.interval.high - found.interval.low > shown.interval.high - shown.interval.low


def test_too_few_give_no_share():
    assert estimate.clickers([stratum(delivered=199, clickers=50)]) is None
    assert estimate.clickers([stratum(clickers=9)]) is None
    assert estimate.openers([stratum(delivered=199, opened=50)]) is None
    assert estimate.openers([stratum(opened=9)]) is None
    assert estimate.readers([stratum(opened=300, clicked=20, both=9)]) is None
    assert estimate.openers([]) is estimate.clickers([]) is estimate.readers([]) is None


COUNTS = st.integers(0, 400)


@st.composite
def strata(draw) -> list[Stratum]:
    found = []
    for place in range(draw(st.integers(0, 6))):
        delivered = draw(COUNTS)
        hidden = draw(st.integers(0, delivered))
        opened, clicked = (draw(st.integers(0, delivered - hidden)) for _ in range(2))
        both = draw(st.integers(0, min(opened, clicked)))
        clickers = draw(st.integers(clicked, clicked + hidden))
        unsure = draw(st.integers(0, delivered - clickers))
        found.append(
            Stratum(
                provider=str(place), delivered=delivered, hidden=hidden, opened=opened, clicked=clicked, both=both,
                clickers=clickers, unsure=unsure,
            )
        )  # fmt: skip
    return found


@given(strata())
def test_every_share_lies_in_its_range_and_both_within_0_and_1(held):
    for ask in (estimate.clickers, estimate.openers, estimate.readers):
        found = ask(held)
        assert found is None or 0.0 <= found.interval.low <= found.share + 1e-3
        assert found is None or found.share - 1e-3 <= found.interval.high <= 1.0


def test_the_range_holds_what_was_planted_as_often_as_it_says():
    random, held = Random(7), 0
    rates = {"google": (0.4, 0.5, 600), "orange": (0.2, 0.1, 300), "own": (0.6, 0.0, 100)}
    truth = sum(rate * count for rate, _, count in rates.values()) / 1_000
    for _ in range(400):
        drawn = []
        for name, (rate, hidden, count) in rates.items():
            behind = sum(random.random() < hidden for _ in range(count))
            opened = sum(random.random() < rate for _ in range(count - behind))
            drawn.append(stratum(name, count, hidden=behind, opened=opened))
        held += estimate.openers(drawn).interval.holds(truth)
    assert 0.93 <= held / 400 <= 0.99
