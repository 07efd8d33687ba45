"""The journal: outcomes that the store could not take yet, kept on this machine's disk until it has.

Only ends are kept: to lose a deferral costs an early attempt, to lose a 250 costs a second copy in somebody's
mailbox. Replay is safe however often it happens: the spool applies an end once and knows it by its event afterwards.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import msgspec

from estafette.base import log
from estafette.store.interface.spool import Settlement, Spool

#: A record: u32 length of what follows it, u8 version, u32 CRC-32 of the rest, msgpack of a Settlement.
VERSION = 1
#: Records of one file; far above what a courier may have under way.
MOST = 10_000
#: Ends settled in one commit of a replay.
AT_ONCE = 256
_HEAD = 9

_log = log.get("relay.journal")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Settlement).decode
Key = tuple[int, int]


class Journal:
    """One courier's. folder: shared by all couriers of this machine; the file exists only while it is needed."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder
        self._path = folder / f"{worker}-{os.getpid()}.journal"
        self._file = -1
        self._size = 0
        self._failing = False
        self._kept: set[Key] = set()
        self._guard = threading.Lock()

    def keep(self, settlements: Iterable[Settlement]) -> bool:
        """Write and sync the ends among settlements that are not here yet (blocks); False when some could not be."""
        with self._guard:
            new = {(each.message, each.number): each for each in settlements if each.kind == "done"}
            new = {key: each for key, each in new.items() if key not in self._kept}
            keys = list(new)[: MOST - len(self._kept)]
            try:
                if keys:
                    self._append(b"".join(_record(new[key]) for key in keys))
            except OSError as error:
                if not self._failing:
                    _log.error("journal_not_written", cause=str(error), outcomes=len(new))
                self._failing = True
                return False
            self._failing = False
            self._kept.update(keys)
            return len(keys) == len(new)

    def _append(self, records: bytes) -> None:
        if self._file < 0:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._size = os.fstat(self._file).st_size
            fcntl.flock(self._file, fcntl.LOCK_EX)
            _sync_folder(self._folder)
        # What a full disk cut short is written over by the next try: a reader stops at the first torn record.
        if os.pwrite(self._file, records, self._size) < len(records):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._file)
        self._size += len(records)

    def forget(self, settlements: Iterable[Settlement]) -> None:
        """The store has these; when it has all that are kept, the file goes away."""
        if not self._kept:
            return
        self._kept.difference_update((each.message, each.number) for each in settlements)
        if not self._kept and self._file >= 0:
            self._path.unlink(missing_ok=True)
            self.close()

    def close(self) -> None:
        """Let go of the file; what it holds is for the next run."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


async def replay(folder: Path, spool: Spool, worker: str) -> int:
    """Settle what couriers that are gone left behind, before anything is attempted again; return how many ends."""
    left = await asyncio.to_thread(Left, folder)
    try:
        outcomes = left.outcomes()
        for start in range(0, len(outcomes), AT_ONCE):
            await spool.settle(worker, {}, outcomes[start : start + AT_ONCE])
        left.remove()
    finally:
        left.close()
    if outcomes:
        _log.warning("journal_replayed", outcomes=len(outcomes))
    return len(outcomes)


class Left:
    """The journals of couriers that are gone. While they are held nobody else on this machine replays (blocks)."""

    def __init__(self, folder: Path) -> None:
        self._held: list[tuple[Path, int]] = []
        self._lock = -1
        if folder.is_dir():
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            for path in sorted(folder.glob("*.journal")):
                self._take(path)

    def _take(self, path: Path) -> None:
        """Hold a file unless its courier lives."""
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
        else:
            self._held.append((path, file))

    def outcomes(self) -> Sequence[Settlement]:
        """Return what is to be settled, oldest first."""
        return [each for path, _ in self._held for each in read(path)]

    def remove(self) -> None:
        """The store has all of it."""
        for path, _ in self._held:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let others replay."""
        for file in (*(file for _, file in self._held), self._lock):
            if file >= 0:
                os.close(file)


def read(path: Path) -> Iterator[Settlement]:
    """Yield the records of a journal up to its end, or to the first that was not written whole."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + _HEAD : at + 4 + length]
        whole = at + 4 + length <= len(data) and length >= _HEAD - 4 and data[at + 4] == VERSION
        if not whole or crc32(body) != int.from_bytes(data[at + 5 : at + _HEAD], "big"):
            _log.error("journal_cut_short", file=path.name, at=at, octets=len(data))
            return
        yield _decode(body)
        at += 4 + length


def _record(settlement: Settlement) -> bytes:
    body = _encode(settlement)
    return (len(body) + 5).to_bytes(4, "big") + bytes((VERSION,)) + crc32(body).to_bytes(4, "big") + body


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
