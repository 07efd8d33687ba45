"""Reports from receivers at rest. Plain calls that may wait for the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from estafette.model.report import DaySum, KeptReport, ReportKind, ReportRow, SourceSum
from estafette.store.interface.page import Page, Paged

#: What became of a report: new, known already, or one more than its tenant may have.
Kept = Literal["new", "known", "beyond_limit"]


class Reports(Protocol):
    """What receivers say of domains. tenant: "" = of the service's own domains, None = of all."""

    def keep(self, report: KeptReport, rows: Sequence[ReportRow], *, since: float, most: int) -> Kept:
        """Keep a report with its rows, once: an equal one (``name``) of its tenant is known already.

        Its tenant may have ``most`` that were received at ``since`` or later.
        """
        ...

    def page(
        self, page: Page, *, tenant: str | None, kind: ReportKind | None = None, domain: str = ""
    ) -> Paged[KeptReport]:
        """Return a page, the newest time first. domain: only of this one."""
        ...

    def find(self, identity: str) -> KeptReport | None:
        """Return one by id."""
        ...

    def rows(self, identity: str) -> Sequence[ReportRow]:
        """Return the rows of a report, those of most messages first."""
        ...

    def sources(self, page: Page, *, tenant: str | None, first: int, domain: str = "") -> Paged[SourceSum]:
        """Return a page of the sources of DMARC reports about days from ``first`` on (days since 1970).

        By domain, those that are ours first, then by address.
        """
        ...

    def days(self, *, tenant: str | None, first: int, domain: str = "", limit: int = 1_000) -> Sequence[DaySum]:
        """Return the days that DMARC reports are about, from ``first`` on: the newest first, then by domain."""
        ...

    def prune(self, before: float) -> int:
        """Forget reports about a time that ended before a moment; return how many."""
        ...
