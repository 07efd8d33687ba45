"""An office over real control tables and a real keyring, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from estafette.base.seal import Keyring
from estafette.store.tables.control import ControlTables, open_control
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy.office import Office


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlTables]:
    """Control tables; the folders that are about them run every test on both engines."""
    opened = open_control(tmp_path / "data", upgrade=True)
    yield opened
    opened.close()


@pytest.fixture
def office(tmp_path: Path, control: ControlTables) -> Office:
    return Office(
        control=control,
        keyring=Keyring.create(tmp_path / "keyring"),
        now=lambda: 1_700_000_000.0,
        hostname="mx1.service.test",
        return_path="bounces.service.test",
    )


@pytest.fixture
def directory(office: Office) -> DirectorySnapshot:
    return DirectorySnapshot(office.control, office.keyring)
