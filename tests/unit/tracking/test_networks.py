"""Networks are searched by the longest prefix; the shipped lists are empty and say where they would come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import ConfigFault
from estafette.tracking import networks

ENTRY = """
[[network]]
name = "{name}"
prefixes = {prefixes}
agent = "scanner"
scope = "{scope}"
source = "a test"
date = "2026-11-28"
"""
HELD = networks.load(
    (
        ENTRY.format(name="wide", prefixes='["198.51.0.0/16", "2001:db8::/32"]', scope="all")
        + ENTRY.format(name="narrow", prefixes='["198.51.100.0/24", "2001:db8:5::/48"]', scope="clicks")
    ).encode()
)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("198.51.100.7", "narrow"),
        ("198.51.101.7", "wide"),
        ("::ffff:198.51.100.7", "narrow"),
        ("2001:db8:5::1", "narrow"),
        ("2001:db8:6::1", "wide"),
        ("203.0.113.1", None),
        ("2001:db9::1", None),
        ("", None),
        ("not an address", None),
        ("198.51.100.7/24", None),
    ],
)
def test_the_longest_prefix_counts(address, name):
    found = HELD.of(address)
    assert (found.name if found else None) == name


def test_a_scope_is_asked_for_a_kind():
    assert HELD.of("198.51.100.7").says("clicked")
    assert not HELD.of("198.51.100.7").says("opened")


def test_nothing_is_shipped_that_nobody_read_from_its_source():
    shipped = networks.load()
    assert all(shipped.of(address) is None for address in ("17.0.0.1", "40.92.0.1", "2620:149::1", "192.0.2.1"))


def test_an_operators_lists_are_added():
    more = networks.load(
        more=ENTRY.format(name="own", prefixes='["192.0.2.0/24"]', scope="all").encode(), place="own.toml"
    )
    assert more.of("192.0.2.1").name == "own"


@pytest.mark.parametrize("prefixes", ['["198.51.100.1/24"]', '["everything"]', '"198.51.100.0/24"'])
def test_a_list_that_is_none_is_a_fault_that_names_its_file(prefixes):
    with pytest.raises(ConfigFault) as caught:
        networks.load(more=ENTRY.format(name="own", prefixes=prefixes, scope="all").encode(), place="own.toml")
    assert caught.value.place == "own.toml"


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_none(text):
    found = HELD.of(text)
    assert found is None or found.name in ("wide", "narrow")
