from __future__ import annotations

import pytest

from estafette.base.crash import KILLED, POINTS, _Trap, point


@pytest.mark.parametrize("name", POINTS)
def test_a_trap_springs_at_the_named_passage_of_its_point_only(name):
    died = []
    trap = _Trap(f"{name}:3", died.append)
    for each in POINTS:
        trap.passed(each)
        trap.passed(each)
    assert died == []
    trap.passed(name)
    assert died == [KILLED]


def test_an_unknown_point_is_refused_at_the_start():
    with pytest.raises(ValueError, match="no crash point"):
        _Trap("accept.somewhere", lambda _: None)


def test_unarmed_points_do_nothing():
    for name in POINTS:
        point(name)
