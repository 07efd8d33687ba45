"""Complaints at rest: one for each copy of a message. Plain calls that may wait for the disk."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from estafette.model.complaint import Complaint


class Complaints(Protocol):
    """What recipients did not want; kept longer than the log, so that a late second report is known as one."""

    def note(self, complaint: Complaint) -> Complaint:
        """Keep a complaint about a copy, or count one more report of it; return what is kept.

        The report that brought it is counted once. Stale when the tenant is gone.
        """
        ...

    def count(self, tenants: Collection[str], first: int, since: float = 0.0) -> Mapping[tuple[str, str], int]:
        """Return by (tenant, stream) how many copies were complained about; 0 left out.

        first: of messages with this id or a later one. since: only what was reported first at this moment or later.
        """
        ...

    def newest(self, tenant: str, stream: str, limit: int = 20) -> Collection[Complaint]:
        """Return the newest complaints about a stream, newest first."""
        ...

    def prune(self, before: float) -> int:
        """Forget complaints that were reported last before a moment; return how many."""
        ...
