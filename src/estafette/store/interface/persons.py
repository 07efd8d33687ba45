"""Erasing a person from what the store keeps of mail."""

from __future__ import annotations

from typing import Protocol

from estafette.model.erasure import Erased, Erasure


class Persons(Protocol):
    """What a backend of erasure does."""

    async def erase(self, erasure: Erasure) -> Erased:
        """Take a person out of spool, log and hits, and overwrite what that leaves in the files; may take minutes.

        Waiting recipients end as cancelled, so that the ledger still proves; events are rewritten and never removed.
        Events of theirs that are committed in the days after get the same tombstone. Asked twice it does no more.
        """
        ...
