"""The journal: outcomes that the store could not take yet, kept on this machine's disk until it has.

Only ends are kept: to lose a deferral costs an early attempt, to lose a 250 costs a second copy in somebody's
mailbox. Replay is safe however often it happens: the spool applies an end once and knows it by its event afterwards.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from estafette.base import log
from estafette.base.records import Abandoned, RecordFile
from estafette.base.records import read as records
from estafette.store.interface.spool import Settlement, Spool

#: Records of one file; far above what a courier may have under way.
MOST = 10_000
#: Ends settled in one commit of a replay.
AT_ONCE = 256

_log = log.get("relay.journal")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Settlement).decode
Key = tuple[int, int]


class Journal:
    """One courier's. folder: shared by all couriers of this machine; the file exists only while it is needed.

    Its records are settlements in msgpack.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        self._file = RecordFile(folder / f"{worker}-{os.getpid()}.journal")
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
                    self._file.append([_encode(new[key]) for key in keys])
            except OSError as error:
                if not self._failing:
                    _log.error("journal_not_written", cause=str(error), outcomes=len(new))
                self._failing = True
                return False
            self._failing = False
            self._kept.update(keys)
            return len(keys) == len(new)

    def forget(self, settlements: Iterable[Settlement]) -> None:
        """The store has these; when it has all that are kept, the file goes away."""
        if not self._kept:
            return
        self._kept.difference_update((each.message, each.number) for each in settlements)
        if not self._kept:
            self._file.remove()

    def close(self) -> None:
        """Let go of the file; what it holds is for the next run."""
        self._file.close()


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


class Left(Abandoned):
    """The journals of couriers that are gone."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "*.journal")

    def outcomes(self) -> Sequence[Settlement]:
        """Return what is to be settled, oldest first."""
        return [each for path in self.paths for each in read(path)]


def read(path: Path) -> Iterator[Settlement]:
    """Yield the records of a journal."""
    return map(_decode, records(path))
