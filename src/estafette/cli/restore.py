"""``estafette restore``: put a backup into service without a single mail leaving by itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.backup import KEYRING
from estafette.cli.call import call
from estafette.cli.progress import watched


def restore(folder: Path, /, *, queue: Literal["hold", "drop", "resume"] = "hold") -> None:
    """Restore into an empty store. queue: hold what waited (release it by hand), drop it, or resume."""
    from estafette.store.open import folder_of, restore_store

    settings = call.settings
    target = folder_of(settings.store.url)
    if (target / "spool.db").exists():
        raise Fault("there is a store here already", place=str(target), fix="move its folder away first")
    if not (folder / "control.db").is_file():
        raise Fault("this is no backup", place=str(folder), fix="name a folder that estafette backup wrote")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    with watched("restore", target, _size(folder)):
        # The spool comes last: a folder is a store once it has one.
        shutil.copy2(folder / "control.db", target / "control.db")
        keys = _keyring(folder / KEYRING, Path(settings.secrets.keyring_file))
        waiting = restore_store(folder, settings.store.url, queue=queue)
    output.resource({"store": str(target), "queue": queue, "waiting": waiting, "keys": keys})


def _keyring(saved: Path, target: Path) -> bool:
    """Bring back the keyring when the backup has it and the machine has none; return whether it did."""
    if not saved.is_file() or target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(saved, target)
    target.chmod(0o600)
    return True


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
