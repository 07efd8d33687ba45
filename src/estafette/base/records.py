"""Files of framed records, one for each process: synced, locked while their process lives, read by whoever comes after.

A crash may cut a file short; what was synced before is read, the torn rest is not.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from zlib import crc32

from estafette.base import log

#: A record: u32 length of what follows it, u8 version, u32 CRC-32 of the rest, the rest.
VERSION = 1
_HEAD = 9

_log = log.get("base.records")


class RecordFile:
    """One file of this process. It is made, and locked, by its first record; OSError wherever the disk fails."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._file = -1

    @classmethod
    def held(cls, path: Path, file: int) -> RecordFile:
        """Return a file that is there already; ``file`` is its locked descriptor. Nothing is appended to it."""
        made = cls(path)
        made._file, made.size = file, path.stat().st_size
        return made

    def append(self, bodies: Iterable[bytes]) -> None:
        """Write and sync records (blocks)."""
        self.write(b"".join(map(framed, bodies)))

    def write(self, records: bytes) -> None:
        """Write and sync records that are framed already (blocks)."""
        if self._file < 0:
            self._make()
        # What a full disk cut short is written over by the next try: a reader stops at the first torn record.
        if os.pwrite(self._file, records, self.size) < len(records):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._file)
        self.size += len(records)

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.size = os.fstat(self._file).st_size
        fcntl.flock(self._file, fcntl.LOCK_EX)
        _sync_folder(self.path.parent)

    def become(self, bodies: Iterable[bytes]) -> None:
        """Replace all records by others in one step that a crash does not halve (blocks)."""
        other = RecordFile(self.path.with_name(f"{self.path.name}.new"))
        other.path.unlink(missing_ok=True)
        other.append(bodies)
        other.path.replace(self.path)
        _sync_folder(self.path.parent)
        self.close()
        self._file, self.size = other._file, other.size

    def remove(self) -> None:
        """Take the file away: nobody needs its records any more."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of the file; what it holds is for the next run."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Abandoned:
    """The files in a folder whose processes are gone. While they are held nobody else on this machine reads them.

    pattern: of their names (blocks until whoever holds them lets go).
    """

    def __init__(self, folder: Path, pattern: str) -> None:
        self._held: list[tuple[Path, int]] = []
        self._lock = -1
        if folder.is_dir():
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            for path in sorted(folder.glob(pattern)):
                self._take(path)

    def _take(self, path: Path) -> None:
        """Hold a file unless its process lives."""
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
        else:
            self._held.append((path, file))

    def adopt(self) -> list[RecordFile]:
        """Make them files of this process, to be read, replaced and removed; it holds them on after ``close``."""
        adopted = [RecordFile.held(path, file) for path, file in self._held]
        self._held = []
        return adopted

    @property
    def paths(self) -> list[Path]:
        """Return the files, by name."""
        return [path for path, _ in self._held]

    def remove(self) -> None:
        """Take the files away."""
        for path, _ in self._held:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let others read."""
        for file in (*(file for _, file in self._held), self._lock):
            if file >= 0:
                os.close(file)
        self._held, self._lock = [], -1


def framed(body: bytes) -> bytes:
    """Return one record as it stands in a file."""
    return (len(body) + 5).to_bytes(4, "big") + bytes((VERSION,)) + crc32(body).to_bytes(4, "big") + body


def read(path: Path) -> Iterator[bytes]:
    """Yield the records of a file up to its end, or to the first that was not written whole."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + _HEAD : at + 4 + length]
        whole = at + 4 + length <= len(data) and length >= _HEAD - 4 and data[at + 4] == VERSION
        if not whole or crc32(body) != int.from_bytes(data[at + 5 : at + _HEAD], "big"):
            _log.error("records_cut_short", file=path.name, at=at, octets=len(data))
            return
        yield body
        at += 4 + length


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
