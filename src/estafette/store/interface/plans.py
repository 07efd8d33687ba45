"""Plans and what is counted against them, as administration, metering and grants see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

import msgspec

from estafette.model.calendar import Period
from estafette.model.plan import Pack, Plan
from estafette.model.suspension import Suspension
from estafette.model.tenant import Tenant

if TYPE_CHECKING:
    from estafette.store.interface.records import AuditEntry
    from estafette.store.interface.reputation import Spell


#: (period, start of the window, "free" or "plan").
Consumed = tuple[str, int, str]


class Usage(msgspec.Struct, kw_only=True):
    """What one window of a stream has used. Hours are kept by credential; days and months have credential "".

    What came back is nobody's credential: of an hour it stands under "", too.

    start: unix seconds of the window's beginning. units: recipients by weight, and then from where they were taken:
    free, plan, pack, overage (billed), excess (beyond everything, not billed). bounced: permanent refusals;
    complained: complaints, both counted in the window in which they came.
    """

    tenant: str
    period: Period
    start: int
    stream: str
    credential: str = ""
    recipients: int = 0
    units: int = 0
    free: int = 0
    plan: int = 0
    pack: int = 0
    overage: int = 0
    excess: int = 0
    bounced: int = 0
    complained: int = 0


class Slice(msgspec.Struct, kw_only=True):
    """Units that one process (``writer``, the number in its ids) may spend without asking again.

    opens, closes: the window whose units they are. until: when the right to spend ends, unix seconds. units: reserved,
    and not yet seen in an event.
    """

    id: str
    tenant: str
    writer: int
    opens: int
    closes: int
    until: float
    units: int


class Standing(msgspec.Struct, kw_only=True):
    """Where the ramp of a new tenant stands. allowed: recipients of a day. day: start of the day last judged."""

    tenant: str
    allowed: int
    clean: int = 0
    day: int = 0


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A month that is over, as it was told to the tenant."""

    tenant: str
    start: int
    body: dict[str, object]
    created: float


class Account(msgspec.Struct, kw_only=True):
    """All that decides what one tenant may spend, as of one transaction. packs: with units left, oldest first.

    usage: by (period, start, stream, credential). kinds: the kind of each stream. standing: of its ramp, if it has one.
    """

    tenant: Tenant
    plan: Plan | None
    packs: list[Pack]
    slices: list[Slice]
    usage: dict[tuple[str, int, str, str], Usage]
    kinds: dict[str, str]
    standing: Standing | None = None


class Books(Protocol):
    """One write transaction over the counters. What was read here nobody else changes before it ends."""

    def position(self, name: str) -> int:
        """Return how far a named reader has come, 0 at first; nobody else moves it meanwhile."""
        ...

    def move(self, name: str, position: int) -> None:
        """Remember how far a named reader has come."""
        ...

    def unlimited(self, tenants: Collection[str]) -> dict[str, Account]:
        """Return the accounts of those that nothing limits, with as much of each tenant as counting needs."""
        ...

    def accounts(self, tenants: Collection[str], since: Mapping[Period, int]) -> dict[str, Account]:
        """Return accounts, with the windows of each period that begin at ``since`` or later; unknown ones missing."""
        ...

    def consumed(self, tenants: Collection[str], since: Mapping[Period, int]) -> dict[str, Counter[Consumed]]:
        """Return by tenant what was taken from allowance and plan, in windows that begin at ``since`` or later."""
        ...

    def add_usage(self, rows: Collection[Usage]) -> None:
        """Add to counters; those that are not there begin with what is given."""
        ...

    def add_spells(self, rows: Collection[Spell]) -> None:
        """Add to counters of what servers said; those that are not there begin with what is given."""
        ...

    def watched(self, tenants: Collection[str], since: float) -> set[tuple[str, str, str]]:
        """Return (tenant, stream, site) of sites that have counters of their own since a time."""
        ...

    def known(self, tenants: Collection[str]) -> set[str]:
        """Return those of some tenants (ids) that there are."""
        ...

    def write_packs(self, packs: Sequence[Pack]) -> None:
        """Write what is left of packs."""
        ...

    def write_slices(self, changed: Sequence[Slice], gone: Sequence[str] = ()) -> None:
        """Write what is left of slices, and forget others."""
        ...

    def add_slice(self, one: Slice) -> None:
        """Reserve units."""
        ...

    def give_back(self, identity: str, units: int) -> None:
        """Return units of a slice that were not spent."""
        ...

    def forget_slices(self, before: float) -> None:
        """Forget every slice whose right ended before a moment."""
        ...


class Plans(Protocol):
    """What a backend of plans does; every method is one transaction."""

    def plans(self) -> Sequence[Plan]:
        """Return every plan by name."""
        ...

    def add_plan(self, plan: Plan, entry: AuditEntry) -> None:
        """Add one; AlreadyThere."""
        ...

    def put_plan(self, plan: Plan, entry: AuditEntry) -> None:
        """Write a plan's new state; Stale."""
        ...

    def remove_plan(self, name: str, entry: AuditEntry) -> int:
        """Remove a plan; return how many there were."""
        ...

    def packs(self, tenant: str) -> Sequence[Pack]:
        """Return the packs of a tenant, oldest first."""
        ...

    def add_pack(self, pack: Pack, entry: AuditEntry) -> None:
        """Add one."""
        ...

    def usage(self, tenant: str, period: Period, since: float, until: float) -> Sequence[Usage]:
        """Return the counters of a tenant's windows that begin in a stretch of time, in their order."""
        ...

    def large_days(self, tenants: Collection[str], since: float, least: int) -> Sequence[Usage]:
        """Return the counters of days of some tenants that begin after a time and have at least so many recipients."""
        ...

    def busy_hours(self, tenants: Collection[str], since: float, least: int) -> Collection[tuple[str, str, int]]:
        """Return (tenant, credential, beginning) of hours that begin at a time or later, with more recipients."""
        ...

    def months(self, tenants: Collection[str], since: float) -> Mapping[str, int]:
        """Return by tenant the units of its plan that were taken in the fullest month begun since; 0 left out."""
        ...

    def on_plans(self, tenants: Collection[str]) -> Sequence[Tenant]:
        """Return those of some tenants (ids) that have a plan."""
        ...

    def on_ramp(self) -> Sequence[Tenant]:
        """Return tenants that are not fully trusted yet."""
        ...

    def slices(self, tenant: str) -> Sequence[Slice]:
        """Return what is reserved of a tenant's units."""
        ...

    def position(self, name: str) -> int:
        """Return how far a named reader of the log has come."""
        ...

    def books(self) -> AbstractContextManager[Books]:
        """Open the counters for one write transaction, which steps no version."""
        ...

    def statements(self, tenant: str) -> Sequence[Statement]:
        """Return the closed months of a tenant, newest first."""
        ...

    def close_month(self, statement: Statement) -> None:
        """Keep the statement of a month that is over; the first one stays."""
        ...

    def unclosed(self, before: float) -> Sequence[str]:
        """Return tenants (ids) of which a month that began before a moment may have no statement yet."""
        ...

    def alerted(self, tenant: str, start: int) -> frozenset[int]:
        """Return the levels that were told for a month."""
        ...

    def note_alert(self, tenant: str, start: int, level: int, at: float) -> bool:
        """Note that a level is told; False when it was already."""
        ...

    def standings(self) -> Sequence[Standing]:
        """Return every ramp."""
        ...

    def put_standing(self, standing: Standing) -> None:
        """Write where a ramp stands."""
        ...

    def suspensions(self, tenant: str = "", *, ended: bool = True) -> Sequence[Suspension]:
        """Return suspensions, newest first; ``ended`` False leaves out those that were lifted."""
        ...

    def put_suspension(self, suspension: Suspension, entry: AuditEntry | None) -> None:
        """Add a suspension, or write its new state."""
        ...
