"""When a tenant's units will be used up if it goes on as in the last days. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from estafette.model.calendar import Calendar
from estafette.model.plan import Plan
from estafette.store.interface.plans import Usage

#: Days whose mail is taken as the rate, and days looked ahead.
DAYS = 7
AHEAD = 400
DAY = 86_400


def rate(days: Sequence[Usage], now: float, since: float) -> float:
    """Return units a day over the last days, of a tenant that exists ``since``; 0 when it sent nothing."""
    begin = max(now - DAYS * DAY, since)
    units = sum(row.units for row in days if row.start + DAY > begin and row.start <= now)
    return units * DAY / max(DAY, now - begin)


def runs_out(
    plan: Plan | None, calendar: Calendar, now: float, *, plan_left: int, packs_left: int, daily: float
) -> date | None:
    """Return the day on which units are missing first, None when none will be within a year.

    plan_left: of the running month. daily: units a day that are to be expected.
    """
    if plan is None or plan.monthly is None or daily <= 0:
        return None
    left, packs, at = float(plan_left), float(packs_left), now
    month = calendar.month(now)
    for _ in range(AHEAD):
        if not month.holds(at):
            month, left = calendar.month(at), float(plan.monthly)
        day = calendar.day(at)
        free = plan.free if plan.free_per == "day" else plan.free * (day.end - day.start) / (month.end - month.start)
        needed = max(0.0, daily * (day.end - at) / DAY - free)
        of_plan = min(needed, left)
        left, packs = left - of_plan, packs - (needed - of_plan)
        if packs < 0:
            return calendar.date_of(at)
        at = day.end
    return None
