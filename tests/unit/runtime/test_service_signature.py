"""The service's own signature is made only while its record is in DNS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from estafette.base.seal import Keyring
from estafette.net.resolver import Resolver
from estafette.runtime.service_signature import ServiceSignature
from estafette.store.tables.control import open_control
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import domains
from estafette.tenancy.office import Office
from estafette.testing.zones import FakeZones, ServerFailure

HOSTNAME = "mx1.service.test"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path / "keyring")


@pytest.fixture
def record(tmp_path: Path, keyring: Keyring) -> Iterator[tuple[str, str]]:
    """Name and value of the record of the service's active key."""
    control = open_control(tmp_path, upgrade=True)
    office = Office(control=control, keyring=keyring, now=lambda: 1.0, hostname=HOSTNAME, return_path="b.service.test")
    domains.add_service_keys(office)
    active = next(key for key in control.keys("", HOSTNAME) if key.stage == "active")
    yield f"{active.selector}._domainkey.{HOSTNAME}", _quoted(active.record)
    control.close()


async def test_it_signs_from_the_moment_its_record_is_seen(
    tmp_path: Path, keyring: Keyring, record: tuple[str, str]
) -> None:
    name, value = record
    directory = DirectorySnapshot.open(tmp_path, keyring)
    with FakeZones({}) as zones:
        resolver = Resolver([zones.at], lifetime=2.0)
        signature = ServiceSignature(HOSTNAME, directory, resolver)
        assert not signature.keys, "nothing was seen yet"
        await signature.look()
        assert not signature.keys

        zones.zones[name] = {"TXT": (value,)}
        resolver.forget()
        await signature.look()
        assert [key.domain for key in signature.keys] == [HOSTNAME]
        assert signature.keys is signature.keys, "nothing is computed for each message"
    await directory.close()


async def test_it_stops_when_the_record_is_gone_or_another_but_not_when_dns_fails(
    tmp_path: Path, keyring: Keyring, record: tuple[str, str]
) -> None:
    name, value = record
    directory = DirectorySnapshot.open(tmp_path, keyring)
    with FakeZones({name: {"TXT": (value,)}}) as zones:
        resolver = Resolver([zones.at], lifetime=1.0)
        signature = ServiceSignature(HOSTNAME, directory, resolver)
        await signature.look()
        assert signature.keys

        for answer, signs in ((ServerFailure(), True), ({"TXT": (_quoted("v=DKIM1; k=rsa; p=QUJD"),)}, False)):
            zones.zones[name] = answer
            resolver.forget()
            await signature.look()
            assert bool(signature.keys) is signs
    await directory.close()


def _quoted(value: str) -> str:
    """Write a TXT value as strings of at most 255 octets (RFC 1035 section 3.3.14)."""
    return " ".join(f'"{value[at : at + 250]}"' for at in range(0, len(value), 250))
