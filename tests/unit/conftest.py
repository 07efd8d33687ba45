"""An office over real control tables and a real keyring, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.prepared import control_in, rsa_key

from estafette.base.seal import Keyring
from estafette.store.tables.control import ControlTables
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import dkim_keys
from estafette.tenancy.office import Office


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlTables]:
    """Control tables; the folders that are about them run every test on both engines."""
    opened = control_in(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _keys_made_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA keys are real and were made before: a fresh one takes longer than most tests."""
    monkeypatch.setattr(dkim_keys, "generate_rsa", rsa_key)


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
