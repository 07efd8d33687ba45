"""What takes long to make, made once for each process of a run and copied from then on: migrated tables, RSA keys."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from estafette.mail.dkim.keys import generate_rsa
from estafette.store.tables.control import ControlTables, open_control

#: More keys than any test compares with one another.
KEYS = 12
_keys: list[bytes] = []
_taken = 0


@cache
def _migrated() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="estafette-control-")
    open_control(Path(folder.name), upgrade=True).close()
    return folder


def control_in(folder: Path) -> ControlTables:
    """Open fresh control tables of this release in a folder; how they come about is for the tests of migrations."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(_migrated().name) / "control.db", folder / "control.db")
    return open_control(folder)


def rsa_key() -> bytes:
    """Return a real key, another one each time for ``KEYS`` times."""
    global _taken  # noqa: PLW0603 - one for the process
    _taken += 1
    if len(_keys) < KEYS:
        _keys.append(generate_rsa())
    return _keys[(_taken - 1) % KEYS]
