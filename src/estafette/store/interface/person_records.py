"""What the control data knows of people who got mail."""

from __future__ import annotations

from typing import Protocol

from estafette.model.erasure import Erasure
from estafette.store.interface.records import AuditEntry, Wiped


class PersonRecords(Protocol):
    """Plain calls that wait for the disk."""

    def wipe(self, erasure: Erasure, entry: AuditEntry) -> Wiped:
        """Take an address out of suppressions, the words of the audit, kept answers and calls of webhooks.

        Consents hold none. Afterwards a ``control.db`` is written anew, so that no page of it remembers.
        """
        ...
