"""Anomalies at rest: an episode is one row, from when it was found until it is over. Calls may wait for the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from estafette.model.anomaly import Anomaly
from estafette.store.interface.page import Page, Paged


class Anomalies(Protocol):
    """Episodes of tenants."""

    def open(self, tenant: str = "") -> Sequence[Anomaly]:
        """Return those that last, of a tenant or of all, oldest first."""
        ...

    def untold(self) -> Sequence[Anomaly]:
        """Return those that nobody was written about, oldest first."""
        ...

    def page(self, page: Page, *, tenant: str, lasting: bool | None = None) -> Paged[Anomaly]:
        """Return a page of a tenant's, newest first. lasting: only those that last, or only those that are over."""
        ...

    def add(self, anomaly: Anomaly) -> None:
        """Keep a new one; AlreadyThere when its id is taken, Stale when its tenant is gone."""
        ...

    def change(self, anomaly: Anomaly) -> None:
        """Write the new state of one; Stale when it is gone."""
        ...
