"""Copies while running, and putting a copy into service without a single mail leaving by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import apsw

from estafette.base.errors import StoreFault
from estafette.store.sqlite.contents import ContentFiles
from estafette.store.sqlite.database import open_reader
from estafette.store.sqlite.feeder import HistoryFeeder


async def copy_store(source: Path, target: Path, files: ContentFiles, feeder: HistoryFeeder | None) -> None:
    """Copy spool.db, history.db and the bodies into a new folder, consistent with one another.

    Bodies are never removed meanwhile, and the history is not fed, so that what the spool's copy still has in
    its outbox is exactly what the history's copy lacks. StoreFault when the folder holds a backup already.
    """
    if (target / "spool.db").exists():
        raise StoreFault("there is a backup here already", place=os.fspath(target), fix="name another folder")
    resume = files.hold_removals()
    try:
        async with feeder.pause() if feeder is not None else asyncio.Lock():
            await asyncio.get_running_loop().run_in_executor(None, _copy, source, target, files)
    finally:
        resume()


def _copy(source: Path, target: Path, files: ContentFiles) -> None:
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy_database(source / "spool.db", target / "spool.db")
    if (source / "history.db").exists():
        copy_database(source / "history.db", target / "history.db")
    copy_bodies(files.folder, target / "contents", files.names())


def copy_database(source: Path, target: Path) -> None:
    """Copy a database in one step, from one snapshot: writers go on, the log grows for the while."""
    reading, writing = open_reader(source), apsw.Connection(os.fspath(target))
    try:
        target.chmod(0o600)
        with writing.backup("main", reading, "main") as copy:
            copy.step(-1)
        writing.pragma("journal_mode", "delete")
    finally:
        writing.close()
        reading.close()
    _sync(target)


def copy_bodies(source: Path, target: Path, names: Iterable[str]) -> None:
    """Link bodies, which never change, or copy them where the file systems differ."""
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            path.hardlink_to(source / name)
        except FileExistsError:
            continue
        except OSError:
            shutil.copyfile(source / name, path)
            _sync(path)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
