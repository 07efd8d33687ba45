"""Bodies above 256 KiB: one file each, synced together with its folder before the commit that names it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from estafette.base import ids
from estafette.base.errors import StoreUnavailable

#: Octets gathered before they are handed to the kernel.
PIECE = 1 << 20
#: An unreferenced file younger than this may belong to a message still being received.
ORPHAN_AGE = 3600.0


class ContentFiles:
    """The folder ``contents``: two levels, so that no folder grows without bound."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept_back: list[str] | None = None

    def writer(self, message: int) -> FileWriter:
        """Open the file of a message to come."""
        shown = ids.show(message)
        return FileWriter(self.folder, f"{shown[-2:]}/{shown}.eml")

    def open(self, name: str) -> BinaryIO:
        """Open a body for reading; FileNotFoundError when it is gone."""
        return self._path(name).open("rb")

    def _path(self, name: str) -> Path:
        path = self.folder / name
        if path.parent.parent != self.folder or ".." in path.parts:
            raise ValueError(f"not the name of a body: {name!r}")
        return path

    def remove(self, names: Iterable[str]) -> None:
        """Remove bodies whose content is gone; while a backup runs, later."""
        if self._kept_back is not None:
            self._kept_back.extend(names)
            return
        for name in names:
            self._path(name).unlink(missing_ok=True)

    def hold_removals(self) -> Callable[[], None]:
        """Keep every file until the returned function is called."""
        self._kept_back = []
        return self._resume_removals

    def _resume_removals(self) -> None:
        names, self._kept_back = self._kept_back or [], None
        self.remove(names)

    def names(self) -> Iterator[str]:
        """Walk over all bodies."""
        for path in self.folder.glob("*/*.eml"):
            yield f"{path.parent.name}/{path.name}"

    def old_names(self, now: float) -> Sequence[str]:
        """Return bodies last written more than ``ORPHAN_AGE`` ago."""
        return [name for name in self.names() if self._modified(name) < now - ORPHAN_AGE]

    def _modified(self, name: str) -> float:
        try:
            return self._path(name).stat().st_mtime
        except FileNotFoundError:
            return float("inf")


class FileWriter:
    """A body on its way in; implements the interface's ``ContentWriter``."""

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        self._path = folder / name
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folders = (self._path.parent, folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._fd = os.open(self._path, flags, 0o600)
        self._buffer = bytearray()

    @property
    def name(self) -> str:
        """The name to put in ``Content.file``."""
        return self._name

    def write(self, piece: bytes | memoryview) -> None:
        """Append a piece; each full MiB goes to the kernel, whose write-back does not wait for the disk."""
        self._buffer += piece
        if len(self._buffer) >= PIECE:
            self._flush()

    def _flush(self) -> None:
        view = memoryview(self._buffer)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            raise _unavailable(error, self._path) from error
        finally:
            view.release()
        self._buffer = bytearray()

    async def close(self) -> None:
        """Sync the file and its folder; StoreUnavailable when either fails (never retried)."""
        await _in_thread(self._close)

    def _close(self) -> None:
        try:
            self._flush()
            os.fsync(self._fd)
            for folder in self._folders:
                _sync_folder(folder)
        except OSError as error:
            raise _unavailable(error, self._path) from error
        finally:
            self._release()

    def _release(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    async def discard(self) -> None:
        """Remove the file; the transaction was given up."""
        await _in_thread(self._discard)

    def _discard(self) -> None:
        self._release()
        self._path.unlink(missing_ok=True)


async def _in_thread(work: Callable[[], Any]) -> None:
    await asyncio.get_running_loop().run_in_executor(None, partial(work))


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _unavailable(error: OSError, path: Path) -> StoreUnavailable:
    return StoreUnavailable(f"a body could not be written: {error.strerror}", place=os.fspath(path), temporary=True)
