from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.reporting.durations import LAST, bucket, middle, quantile


@given(st.floats(0.001, 7 * 86_400))
def test_a_bucket_tells_a_duration_to_within_a_tenth(seconds):
    assert middle(bucket(seconds)) == pytest.approx(seconds, rel=0.096)


@pytest.mark.parametrize(("seconds", "number"), [(-5, 0), (0, 0), (0.0009, 0), (1e12, LAST)])
def test_what_cannot_be_is_kept_at_the_ends(seconds, number):
    assert bucket(seconds) == number


@given(st.lists(st.floats(0.01, 400_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_quantile_is_that_of_the_durations(durations, share):
    counts = {}
    for each in durations:
        counts[bucket(each)] = counts.get(bucket(each), 0) + 1
    exact = sorted(durations)[max(0, -(-round(share * len(durations) * 1000) // 1000) - 1)]
    assert quantile(counts, share) == pytest.approx(exact, rel=0.096)


def test_of_nothing_there_is_no_quantile():
    assert quantile({}, 0.5) is None
    assert quantile({3: 0}, 0.5) is None
