import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail import verp


def mac(data):
    return hmac.digest(b"key", data, hashlib.sha256)[:16]


def verify(data, tag):
    return hmac.compare_digest(mac(data), tag)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**24 - 1))
def test_an_address_is_read_back_in_any_case(message, number):
    address = verp.make(mac, message, number, "bounces.example")
    assert len(address.partition("@")[0]) <= 64
    for shown in (address, address.upper(), address.title()):
        assert verp.read(verify, shown, "bounces.example") == (message, number)


@given(st.integers(0, 42), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_changed_character_makes_it_nobodys(at, letter):
    address = verp.make(mac, 1 << 60, 7, "b.example")
    changed = address[: at + 1] + letter + address[at + 2 :]
    expected = (1 << 60, 7) if changed == address else None
    assert verp.read(verify, changed, "b.example") == expected


@given(st.text(max_size=80))
def test_other_addresses_are_nobodys(text):
    assert verp.read(verify, text, "b.example") is None
    assert verp.read(verify, f"{text}@b.example", "b.example") is None


def test_the_domain_is_part_of_what_is_proved():
    address = verp.make(mac, 5, 1, "b.example")
    assert verp.read(verify, address.replace("b.example", "c.example"), "c.example") is None


def test_a_short_tag_is_refused():
    with pytest.raises(ValueError, match="80 bits"):
        verp.make(lambda _: b"short", 1, 1, "b.example")
