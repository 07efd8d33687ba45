"""Gateways are known by the site that the relay delivered to."""

import pytest

from estafette.base.errors import ConfigFault
from estafette.relay.scheduling import providers
from estafette.tracking import gateways

HELD = gateways.load()


@pytest.mark.parametrize(
    ("site", "name"),
    [
        ("microsoft365", "defender"),
        ("barracuda", "barracuda"),
        ("mx0a-001.pphosted.com,mx0b-001.pphosted.com", "proofpoint"),
        ("MX1.ACME.IPHMX.COM", "cisco"),
        ("pphosted.com", "proofpoint"),
        ("notpphosted.com", ""),
        ("mx.pphosted.com.example", ""),
        ("google", ""),
        ("outlook", ""),
        ("", ""),
    ],
)
def test_a_site_belongs_to_a_gateway_by_name_or_by_its_hosts(site, name):
    assert HELD.of(site) == name


def test_names_of_providers_are_those_of_the_providers_table():
    known = {name for _, name in providers.load().suffixes()}
    assert {"microsoft365", "microsoft365-dane", "barracuda"} <= known


def test_a_damaged_table_is_a_fault():
    with pytest.raises(ConfigFault):
        gateways.load(b"[[gateway]]\n")
