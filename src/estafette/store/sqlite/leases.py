"""Who owns which shard: in memory, because the writer knows its sockets; epochs survive restarts by their base."""

from __future__ import annotations

from collections.abc import Mapping

from estafette.store.interface.spool import SHARDS, shard_of
from estafette.store.sqlite.batch import Fence

__all__ = ["Leases", "shard_of"]


class Leases:
    """Shards, their owners, and the epoch at which each was last given out. base: larger than any epoch before."""

    def __init__(self, base: int) -> None:
        self._epoch = base
        self._owner: dict[int, str] = {}
        self._epochs: dict[int, int] = {}

    def lease(self, worker: str, want: int) -> Mapping[int, int]:
        """Give free shards until the worker has ``want``; return all it owns."""
        owned = self.owned(worker)
        for shard in range(SHARDS):
            if len(owned) >= want:
                break
            if shard not in self._owner:
                self._epoch += 1
                self._owner[shard] = worker
                owned[shard] = self._epochs[shard] = self._epoch
        return owned

    def resume(self, worker: str, epochs: Mapping[int, int]) -> Mapping[int, int]:
        """Give back what a worker held before its connection broke or the store restarted, unless others got it."""
        for shard, epoch in epochs.items():
            free = self._owner.get(shard, worker) == worker
            if 0 <= shard < SHARDS and free and self._epochs.get(shard, epoch) == epoch:
                self._owner[shard] = worker
                self._epochs[shard] = epoch
        return self.owned(worker)

    def owned(self, worker: str) -> dict[int, int]:
        """Return shard -> epoch of a worker."""
        return {shard: self._epochs[shard] for shard, owner in self._owner.items() if owner == worker}

    def release(self, worker: str) -> None:
        """Free every shard of a worker."""
        self._owner = {shard: owner for shard, owner in self._owner.items() if owner != worker}

    @property
    def given(self) -> bool:
        """Whether any worker owns anything."""
        return bool(self._owner)

    def owner(self, lane: str) -> str | None:
        """Return the worker that owns the shard of a lane."""
        return self._owner.get(shard_of(lane))

    def fence(self, worker: str, epochs: Mapping[int, int]) -> Fence:
        """Return the test whether a worker, at these epochs, may still move rows of a lane.

        It may when nobody was given the shard since: also after its release, and after a restart of the store.
        """
        allowed = {
            shard: self._owner.get(shard, worker) == worker and self._epochs.get(shard, epoch) == epoch
            for shard, epoch in epochs.items()
        }
        return lambda lane: allowed.get(shard_of(lane), False)
