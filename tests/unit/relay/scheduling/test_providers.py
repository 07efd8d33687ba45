from __future__ import annotations

import pytest

from estafette.base.errors import ConfigFault
from estafette.relay.scheduling import providers


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("aspmx.l.google.com.", "google"),
        ("acme-fr.mail.protection.outlook.com", "microsoft365"),
        ("outlook-com.olc.protection.outlook.com", "outlook"),
        ("MTA5.AM0.YAHOODNS.NET", "yahoo"),
        ("notgoogle.com", None),
        ("google.com.evil.example", None),
    ],
)
def test_hosts_belong_to_providers_by_suffix(host, name):
    assert providers.load().name_of(host) == name


def test_every_entry_is_sound_and_says_where_its_figures_come_from():
    table = providers.load()
    names = {name for _, name in table.suffixes()}
    assert len({suffix for suffix, _ in table.suffixes()}) == len(table.suffixes())
    for suffix, name in table.suffixes():
        assert suffix.startswith(".")
        assert suffix == suffix.lower()
        limits = table.limits(name)
        assert limits.origin
        assert 1 <= limits.connections <= 25
        assert 1 <= limits.messages <= 1000
    assert "google" in names


def test_other_sites_get_ten_connections_of_a_hundred_messages():
    limits = providers.load().limits("mx1.example,mx2.example")
    assert (limits.connections, limits.messages, limits.rate) == (10, 100, 0)


def test_a_damaged_table_names_the_entry():
    with pytest.raises(ConfigFault, match="connections"):
        providers.load(b"[default]\nconnections = 'x'\nmessages = 1\n")
