"""Topics of streams. Plain calls that may wait for the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from estafette.model.topic import Topic
from estafette.store.interface.records import AuditEntry


class Topics(Protocol):
    """Every write commits its audit entry with it."""

    def list(self, tenant: str, stream: str = "") -> Sequence[Topic]:
        """Return the topics of a tenant, of one stream when it is named, in the order in which they are shown."""
        ...

    def add_topic(self, topic: Topic, entry: AuditEntry) -> None:
        """Add one; AlreadyThere."""
        ...

    def put_topic(self, topic: Topic, entry: AuditEntry) -> None:
        """Write its new state; Stale."""
        ...

    def remove_topic(self, topic: Topic, entry: AuditEntry) -> None:
        """Remove one; Stale. Who has left it is not forgotten: a topic of the same name finds them again."""
        ...
