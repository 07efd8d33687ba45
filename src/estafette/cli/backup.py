"""``estafette backup``: a consistent copy while the service runs."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from estafette.cli import output
from estafette.cli.call import call
from estafette.cli.opening import control, with_store
from estafette.cli.progress import watched

KEYRING = "keyring"


def backup(
    folder: Path,
    /,
    *,
    with_keys: Annotated[bool, Parameter(negative="", help="Copy the keyring too; guard the copy.")] = False,
) -> None:
    """Copy spool, history, control data and bodies into a new folder. Keys are left out unless asked for."""
    began = time.monotonic()
    target = folder.absolute()
    with watched("backup", target):
        with_store(lambda store: store.spool.backup(str(target)))
        with control() as tables:
            tables.backup(str(target / "control.db"))
    if with_keys:
        shutil.copy2(call.settings.secrets.keyring_file, target / KEYRING)
        (target / KEYRING).chmod(0o600)
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    seconds = round(time.monotonic() - began, 3)
    output.resource({"folder": str(target), "octets": size, "seconds": seconds, "keys": with_keys})
