"""Usage: what a tenant has used of its hour, day and month, what is left, and for how long that will do."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from estafette.model.calendar import Period
from estafette.model.plan import Plan
from estafette.model.tenant import Tenant
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.plans import Usage
from estafette.tenancy import forecast, plans
from estafette.tenancy.consumption import SOURCES, calendar_of
from estafette.tenancy.office import Office, Resource, listing, moment

_COUNTS = ("recipients", "units", *SOURCES)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The counters that a tenant's quota is judged by. left: units until the month ends, None for no limit."""

    plan: Plan | None
    month: Sequence[Usage]
    start: int
    end: int
    packs_left: int
    plan_left: int | None
    percent: int | None


def show(office: Office, tenant: str) -> Resource:
    """Return the usage of one tenant now."""
    return shown(office, office.tenant(tenant))


def list_all(office: Office, *, page: Page = FIRST) -> Resource:
    """Return the usage of a page of tenants."""
    found = office.control.lists.tenants(page)
    return listing([shown(office, tenant) for tenant in found.items], found.next)


def figures(office: Office, tenant: Tenant) -> Figures:
    """Return where a tenant stands in its month. percent: of the plan's month, else of the packs, None without."""
    plan = plans.find(office, tenant.plan) if tenant.plan else None
    window = calendar_of(tenant).month(office.now())
    month = office.control.plans.usage(tenant.id, "month", window.start, window.end)
    packs = office.control.plans.packs(tenant.id)
    packs_left = sum(pack.left for pack in packs)
    used = sum(row.plan for row in month)
    percent = None
    if plan is not None and plan.monthly:
        percent = used * 100 // plan.monthly
    elif plan is not None and plan.monthly == 0 and packs:
        bought = sum(pack.units for pack in packs)
        percent = (bought - packs_left) * 100 // bought
    left = None if plan is None or plan.monthly is None else max(0, plan.monthly - used)
    return Figures(
        plan=plan, month=month, start=window.start, end=window.end, packs_left=packs_left, plan_left=left,
        percent=percent,
    )  # fmt: skip


def shown(office: Office, tenant: Tenant) -> Resource:
    """Return the resource of a tenant's usage."""
    found = figures(office, tenant)
    plan, now = found.plan, office.now()
    calendar = calendar_of(tenant)
    days = office.control.plans.usage(tenant.id, "day", now - 9 * forecast.DAY, now + 1)
    daily = forecast.rate(days, now, tenant.created)
    out = forecast.runs_out(
        plan, calendar, now, plan_left=found.plan_left or 0, packs_left=found.packs_left, daily=daily
    )  # fmt: skip
    return {
        "tenant": tenant.id,
        "name": tenant.name,
        "plan": tenant.plan,
        "timezone": tenant.timezone,
        "overage": tenant.overage,
        "trust": tenant.trust,
        "hour": _window(office, tenant, "hour", plan.hourly if plan else None),
        "day": _window(office, tenant, "day", plan.daily if plan else None),
        "month": _window(office, tenant, "month", plan.monthly if plan else None),
        "streams": [{"stream": row.stream} | _sum([row]) for row in found.month],
        "packs_left": found.packs_left,
        "percent": found.percent,
        "forecast": {"units_a_day": round(daily), "runs_out": out.isoformat() if out else None},
    }


def _window(office: Office, tenant: Tenant, period: Period, limit: int | None) -> Resource:
    window = calendar_of(tenant).window(period, office.now())
    rows = office.control.plans.usage(tenant.id, period, window.start, window.end)
    return {"start": moment(window.start), "end": moment(window.end), "limit": limit} | _sum(rows)


def _sum(rows: Sequence[Usage]) -> Resource:
    return {name: sum(getattr(row, name) for row in rows) for name in _COUNTS}
