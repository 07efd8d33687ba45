"""The order in which units are taken: free allowance, plan, packs (oldest first), overage. Pure arithmetic."""

from __future__ import annotations

from collections import Counter

from estafette.model import calendar
from estafette.model.calendar import Calendar, Period, Window
from estafette.model.plan import Pack
from estafette.model.tenant import Tenant
from estafette.store.interface.plans import Account, Consumed, Slice, Usage

SOURCES = ("free", "plan", "pack", "overage", "excess")


def calendar_of(tenant: Tenant) -> Calendar:
    """Return the calendar by which a tenant's units are counted."""
    return calendar.of(tenant.timezone, tenant.anchor or tenant.created)


#: Windows in which what comes back is counted; the hours are those of streams, not of credentials.
_PERIODS: tuple[Period, ...] = ("hour", "day", "month")


class Consumption:
    """What one tenant takes within one transaction; the account's packs and slices are changed on the way.

    used: what was taken from allowance and plan before, where the account does not bring its counters. touched: what
    is to be added to the counters.
    """

    def __init__(self, account: Account, used: Counter[Consumed] | None = None) -> None:
        self.account = account
        self.calendar = calendar_of(account.tenant)
        self.touched: dict[tuple[str, int, str, str], Usage] = {}
        self.packs: dict[str, Pack] = {}
        self.spent: list[Slice] = []
        self._last: tuple[Window, Window, Window] | None = None
        self._used: Counter[Consumed] = Counter() if used is None else used
        for row in account.usage.values():
            if not row.credential:
                self._used[row.period, row.start, "free"] += row.free
                self._used[row.period, row.start, "plan"] += row.plan

    def free_left(self, at: float) -> int:
        """Return units of the free allowance that are left in the window of an instant."""
        plan = self.account.plan
        if plan is None or not plan.free:
            return 0
        start = self.calendar.window(plan.free_per, at).start
        return max(0, plan.free - self._used[plan.free_per, start, "free"])

    def plan_left(self, at: float) -> int | None:
        """Return units of the plan that are left in the month of an instant, None for no limit."""
        plan = self.account.plan
        if plan is None or plan.monthly is None:
            return None
        return max(0, plan.monthly - self._used["month", self.calendar.month(at).start, "plan"])

    def packs_left(self) -> int:
        """Return units of all packs that are left."""
        return sum(pack.left for pack in self.account.packs)

    @property
    def billed(self) -> bool:
        """True when the tenant pays for what goes beyond everything else."""
        plan = self.account.plan
        return plan is not None and bool(plan.overage_price) and self.account.tenant.overage == "bill"

    def count(self, stream: str, credential: str, at: float, recipients: int) -> None:
        """Count recipients that were accepted at, or are charged to, an instant."""
        plan = self.account.plan
        weight = 1 if plan is None else plan.weight(stream, self.account.kinds.get(stream, ""))
        taken = self._take(recipients * weight, at)
        hour, day, month = self._windows(at)
        self._add("hour", hour, stream, credential, recipients, taken)
        self._add("day", day, stream, "", recipients, taken)
        self._add("month", month, stream, "", recipients, taken)

    def _windows(self, at: float) -> tuple[Window, Window, Window]:
        last = self._last
        if last is None or not last[0].holds(at):
            last = self._last = (self.calendar.hour(at), self.calendar.day(at), self.calendar.month(at))
        return last

    def note(self, stream: str, at: float, *, bounced: int = 0, complained: int = 0) -> None:
        """Count what came back, in the hour, on the day and in the month it came."""
        for period in _PERIODS:
            row = self._row(period, self.calendar.window(period, at), stream, "")
            row.bounced += bounced
            row.complained += complained

    def release(self, writer: int, at: int, units: int) -> None:
        """Take units that became events out of what their process has reserved, the oldest first."""
        for one in self.account.slices:
            if one.writer == writer and one.units and one.opens <= at < one.closes:
                seen = min(units, one.units)
                one.units -= seen
                units -= seen
                if one not in self.spent:
                    self.spent.append(one)
                if not units:
                    return

    def _take(self, units: int, at: float) -> tuple[int, int, int, int, int]:
        """Return how units fall on ``SOURCES``."""
        free = min(units, self.free_left(at))
        rest = units - free
        left = self.plan_left(at)
        plan = rest if left is None else min(rest, left)
        rest -= plan
        pack = self._from_packs(rest) if rest else 0
        rest -= pack
        return (free, plan, pack, rest, 0) if self.billed else (free, plan, pack, 0, rest)

    def _from_packs(self, units: int) -> int:
        rest = units
        while rest and self.account.packs:
            pack = self.account.packs[0]
            used = min(rest, pack.left)
            rest -= used
            left = Pack(
                id=pack.id, tenant=pack.tenant, units=pack.units, left=pack.left - used, price=pack.price,
                currency=pack.currency, note=pack.note, created=pack.created,
            )  # fmt: skip
            self.packs[pack.id] = left
            self.account.packs[0:1] = [left] if left.left else []
        return units - rest

    def _add(
        self,
        period: Period,
        window: Window,
        stream: str,
        credential: str,
        recipients: int,
        taken: tuple[int, int, int, int, int],
    ) -> None:
        row = self._row(period, window, stream, credential)
        row.recipients += recipients
        row.units += sum(taken)
        free, plan, pack, overage, excess = taken
        row.free += free
        row.plan += plan
        row.pack += pack
        row.overage += overage
        row.excess += excess
        if not credential:
            self._used[period, window.start, "free"] += free
            self._used[period, window.start, "plan"] += plan

    def _row(self, period: Period, window: Window, stream: str, credential: str) -> Usage:
        key = (period, window.start, stream, credential)
        row = self.touched.get(key)
        if row is None:
            row = self.touched[key] = Usage(
                tenant=self.account.tenant.id, period=period, start=window.start, stream=stream, credential=credential
            )
        return row
