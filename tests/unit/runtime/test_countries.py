"""Countries by a file that the operator names: a small one, written by an independent library."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]

from estafette.base.errors import ConfigFault
from estafette.runtime.countries import countries


@pytest.fixture
def file(tmp_path: Path) -> str:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="test-Country")
    writer.insert_network(IPSet(["192.0.2.0/24", "2001:db8::/32"]), {"country": {"iso_code": "FR"}})
    writer.insert_network(IPSet(["198.51.100.0/24"]), {"country": {"iso_code": 33}})
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"continent": {"code": "EU"}})
    writer.to_db_file(str(tmp_path / "small.mmdb"))
    return str(tmp_path / "small.mmdb")


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("192.0.2.7", "FR"),
        ("2001:db8::7", "FR"),
        ("198.51.100.7", ""),
        ("203.0.113.7", ""),
        ("10.0.0.1", ""),
        ("", ""),
        ("not an address", ""),
    ],
)
def test_an_address_has_a_country_or_none(file, address, country):
    assert countries(file)(address) == country


def test_without_a_file_nobody_is_told_and_nothing_is_loaded(monkeypatch):
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    assert countries("")("192.0.2.7") == ""


def test_a_file_that_is_none_or_missing_is_a_fault(tmp_path):
    for name, content in (("absent.mmdb", None), ("text.mmdb", b"no database")):
        if content:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigFault) as caught:
            countries(str(tmp_path / name))
        assert caught.value.place == "tracking.country_file"


def test_without_the_library_the_fault_says_what_to_install(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(ConfigFault) as caught:
        countries(file)
    assert "estafette[geo]" in caught.value.fix
