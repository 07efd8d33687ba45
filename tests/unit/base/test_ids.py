"""Ids: sorted by time, unique through clock jumps, readable back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base import ids

NUMBERS = st.integers(0, (1 << 63) - 1)


@given(NUMBERS)
def test_what_is_shown_can_be_read(number):
    assert ids.read(ids.show(number)) == number
    assert ids.read(ids.show(number).lower()) == number
    assert len(ids.show(number)) == 13


@given(NUMBERS, NUMBERS)
def test_shown_ids_sort_as_numbers(one, other):
    assert (ids.show(one) < ids.show(other)) == (one < other)


@given(st.text(max_size=20))
def test_anything_else_is_refused(text):
    try:
        number = ids.read(text)
    except ValueError:
        return
    assert ids.show(number) == text.upper().translate(str.maketrans("OIL", "011"))


@given(st.lists(st.floats(1.6e9, 2e9), min_size=1, max_size=50))
def test_ids_grow_whatever_the_clock_does(moments):
    times = iter(moments)
    mint = ids.Mint(lambda: next(times))
    made = [mint.next() for _ in moments]
    assert made == sorted(set(made))


def test_more_than_a_sequence_in_one_millisecond_borrows_from_the_next():
    mint = ids.Mint(lambda: 1.7e9)
    made = [mint.next() for _ in range(3000)]
    assert len(set(made)) == 3000


def test_ids_start_above_the_high_water_mark():
    floor = ids.Mint(lambda: 1.9e9).next()
    assert ids.Mint(lambda: 1.7e9, floor=floor).next() > floor


def test_writers_never_meet():
    one, other = ids.Mint(lambda: 1.7e9, writer=1), ids.Mint(lambda: 1.7e9, writer=2)
    assert not {one.next() for _ in range(500)} & {other.next() for _ in range(500)}


def test_a_moment_is_read_back():
    assert ids.moment(ids.Mint(lambda: 1.7e9).next()) == pytest.approx(1.7e9, abs=0.001)
