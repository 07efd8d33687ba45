import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import ConfigFault
from estafette.net.special import RANGES, Guard, special_use


@pytest.mark.parametrize("network", [network for network, _ in RANGES])
def test_both_ends_of_each_range_are_refused(network):
    net = ipaddress.ip_network(network)
    for address in (net[0], net[-1]):
        assert Guard().refuses(str(address))
        assert Guard([network]).refuses(str(address)) == ""


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "9.255.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]
)
def test_ordinary_addresses_pass(address):
    assert Guard().refuses(address) == ""


@pytest.mark.parametrize(
    "text", ["", "mx.test", "127.1", "0x7f.1", "127.0.0.1.", "::1%lo", "::ffff:8.8.8.8", "fe80::1%eth0"]
)
def test_odd_writings_are_refused(text):
    assert Guard().refuses(text)


def test_what_is_no_address_stays_refused_whatever_is_allowed():
    assert Guard(["0.0.0.0/0", "::/0"]).refuses("mx.test")


def test_a_wrong_setting_is_named():
    with pytest.raises(ConfigFault) as fault:
        Guard(["10.0.0.0/33"])
    assert fault.value.place == "delivery.allow_networks"


@given(st.ip_addresses())
def test_whatever_python_calls_private_is_special(address):
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        assert special_use(str(address))
    if address.is_private:
        assert special_use(str(address))
