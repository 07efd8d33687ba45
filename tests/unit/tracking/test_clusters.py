"""Stretches of marks against a search of every window."""

from hypothesis import given
from hypothesis import strategies as st

from estafette.tracking.clusters import Mark, clusters

MARKS = st.lists(
    st.builds(Mark, st.integers(0, 60).map(float), st.integers(0, 5), st.integers(0, 2)), max_size=30
).map(sorted)  # fmt: skip


@given(MARKS, st.integers(0, 10), st.integers(1, 4), st.integers(1, 3))
def test_a_mark_is_in_a_cluster_exactly_when_some_window_around_it_is_full(marks, span, things, kinds):
    inside = {place for found in clusters(marks, span, things, kinds) for place in range(found.first, found.last + 1)}
    expected = set()
    for first in range(len(marks)):
        for last in range(first, len(marks)):
            window = marks[first : last + 1]
            full = len({m.thing for m in window}) >= things and len({m.kind for m in window}) >= kinds
            if full and marks[last].at - marks[first].at <= span:
                expected |= set(range(first, last + 1))
    assert inside == expected


def test_a_cluster_tells_how_many_things_in_how_many_seconds():
    marks = [Mark(float(at), at) for at in (0, 10, 11, 12, 30, 31, 32)]
    assert [(c.first, c.last, c.things, c.seconds) for c in clusters(marks, 2.0, 3)] == [(1, 3, 3, 2.0), (4, 6, 3, 2.0)]


def test_windows_that_overlap_are_one_cluster():
    marks = [Mark(at / 2, at) for at in range(10)]
    assert [(c.first, c.last) for c in clusters(marks, 2.0, 3)] == [(0, 9)]
