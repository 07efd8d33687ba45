from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.route import Route, choose


def _routes(*patterns: str) -> list[Route]:
    return [Route(id=each, tenant="a", domain="a.test", pattern=each, way="keep") for each in patterns]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("info", "info"),
        ("INFO", "info"),
        ("info+shop", "info"),
        ("sales.eu", "sales.*"),
        ("sales.eu.paris", "sales.*"),
        ("sales", "*"),
        ("help+order-7", "help+order-*"),
        ("help+other", "help+*"),
        ("help", "help"),
        ("x+y", "*"),
        ("odd[1]?", "odd[1]?"),
        ("odd1x", "*"),
    ],
)
def test_the_narrowest_pattern_takes_it(local: str, expected: str) -> None:
    patterns = ("*", "info", "sales.*", "help", "help+*", "help+order-*", "odd[1]?")
    for order in (patterns, patterns[::-1]):
        found = choose(_routes(*order), local)
        assert found is not None
        assert found.pattern == expected


@pytest.mark.parametrize("local", ["other", "information", "info.fr", ""])
def test_what_no_pattern_names_is_no_address(local: str) -> None:
    assert choose(_routes("info", "sales.*"), local) is None


def test_the_order_in_which_routes_were_made_says_nothing() -> None:
    patterns = ("a*", "*a", "ab*", "*b*", "*")
    for local in ("a", "ab", "aba", "b", "bb"):
        found = {choose(_routes(*order), local) for order in itertools.permutations(patterns)}
        assert len(found) == 1


def test_many_stars_are_answered_at_once() -> None:
    assert choose(_routes("*a*a*a*b"), "a" * 64) is None


_LOCAL = st.text("ab.+?[]!", min_size=1, max_size=12)


@given(_LOCAL, st.lists(st.text("ab.+*?[]!", min_size=1, max_size=8), max_size=12))
def test_what_is_written_out_comes_first_and_a_catch_all_last(local: str, patterns: list[str]) -> None:
    exact = choose(_routes(*patterns, local, "*"), local)
    assert exact is not None
    assert exact.pattern == local or ("+" in exact.pattern and "+" in local) or exact.pattern == local.partition("+")[0]
    caught = choose(_routes(*patterns, "*"), local)
    assert caught is not None
    assert caught.pattern != "*" or local not in patterns
