"""Statements: what a tenant used in a month, and what that costs. Exact decimals, rounded half up line by line.

The running month is computed from the counters; a month that is over is kept as it was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from estafette.base.errors import Fault
from estafette.model.calendar import Window
from estafette.model.plan import Pack, Plan
from estafette.model.tenant import Tenant
from estafette.store.interface.plans import Statement, Usage
from estafette.tenancy.consumption import SOURCES, calendar_of
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment

NOTE = {
    "en": "This is a statement of usage. It is not an invoice.",
    "fr": "Ceci est un relevé de consommation. Ce n'est pas une facture.",
}
#: Seconds after its end in which a month is still open for what is counted late.
SETTLES_WITHIN = 3_600.0
_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "XOF": 0, "XAF": 0, "BHD": 3, "KWD": 3, "TND": 3, "OMR": 3}
_COUNTS = ("recipients", "units", *SOURCES)
_THOUSAND = 1_000


def rounded(amount: Decimal, currency: str) -> str:
    """Return an amount in the smallest coin of its currency, half up."""
    return format(amount.quantize(Decimal(1).scaleb(-_DIGITS.get(currency, 2)), ROUND_HALF_UP), "f")


def list_all(office: Office, tenant: str) -> Resource:
    """Return the statements of a tenant, newest first; the first one is of the running month."""
    owner = office.tenant(tenant)
    closed = [statement.body for statement in office.control.plans.statements(owner.id)]
    kept = {body["start"] for body in closed}
    open_ = [build(office, owner, window) for window in _open_months(office, owner)]
    return listing([body for body in open_ if body["start"] not in kept] + closed)


def show(office: Office, tenant: str, month: str = "") -> Resource:
    """Return the statement of a month: of the running one, else of that in which a day (2026-05-31) lies. NotFound."""
    owner = office.tenant(tenant)
    at = _moment(owner, month) if month else office.now()
    window = calendar_of(owner).month(at)
    for statement in office.control.plans.statements(owner.id):
        if statement.start == window.start:
            return statement.body
    if window.start > office.now() or window.end <= owner.created:
        raise NotFound("there is no statement of that month", place="month", fix="see `estafette statement list`")
    return build(office, owner, window)


def close(office: Office, tenant: Tenant) -> int:
    """Keep the statements of the months that are over; return how many were new. Only when everything is counted."""
    kept = {statement.start for statement in office.control.plans.statements(tenant.id)}
    done = 0
    for window in _open_months(office, tenant):
        if window.start not in kept and window.end + SETTLES_WITHIN <= office.now():
            body = build(office, tenant, window) | {"status": "closed"}
            office.control.plans.close_month(
                Statement(tenant=tenant.id, start=window.start, body=body, created=office.now())
            )
            done += 1
    return done


def build(office: Office, tenant: Tenant, window: Window) -> Resource:
    """Return the statement of a window as the counters have it now."""
    plan = next((each for each in office.control.plans.plans() if each.name == tenant.plan), None)
    rows = office.control.plans.usage(tenant.id, "month", window.start, window.end)
    packs = [pack for pack in office.control.plans.packs(tenant.id) if window.holds(pack.created)]
    lines = _lines(plan, rows, packs)
    sums: dict[str, Decimal] = {}
    for line in lines:
        currency = str(line["currency"])
        sums[currency] = sums.get(currency, Decimal()) + Decimal(str(line["amount"]))
    return {
        "tenant": tenant.id,
        "name": tenant.name,
        "start": moment(window.start),
        "end": moment(window.end),
        "timezone": tenant.timezone,
        "status": "open",
        "plan": tenant.plan,
        "streams": [{"stream": row.stream} | {name: getattr(row, name) for name in _COUNTS} for row in rows],
        "totals": {name: sum(getattr(row, name) for row in rows) for name in _COUNTS},
        "lines": lines,
        "amounts": {currency: format(total, "f") for currency, total in sorted(sums.items())},
        "note": NOTE,
    }


def _lines(plan: Plan | None, rows: Sequence[Usage], packs: Sequence[Pack]) -> list[Resource]:
    lines = []
    if plan is not None:
        lines.append(_line("plan", plan.name, 1, plan.price, plan.currency))
        overage = sum(row.overage for row in rows)
        if overage:
            each = Decimal(plan.overage_price or "0") / _THOUSAND
            lines.append(_line("overage", plan.name, overage, format(each, "f"), plan.currency))
    lines += [_line("pack", pack.note or pack.id, 1, pack.price, pack.currency) for pack in packs]
    return lines


def _line(kind: str, text: str, quantity: int, price: str, currency: str) -> Resource:
    return {
        "kind": kind,
        "text": text,
        "quantity": quantity,
        "price": price,
        "currency": currency,
        "amount": rounded(quantity * Decimal(price), currency),
    }


def _open_months(office: Office, tenant: Tenant) -> list[Window]:
    """Return the months since the tenant began, newest first; one without mail has its statement too."""
    calendar = calendar_of(tenant)
    rows = office.control.plans.usage(tenant.id, "month", 0, office.now())
    first = min([tenant.created or office.now(), *(row.start for row in rows)])
    found = [calendar.month(office.now())]
    while found[-1].start > first:
        found.append(calendar.month(found[-1].start - 1))
    return found


def _moment(tenant: Tenant, day: str) -> float:
    try:
        found = date.fromisoformat(day)
        return calendar_of(tenant).begin(found) + 1.0
    except (ValueError, OverflowError):
        raise Fault(f"{day[:20]!r} is no day", place="month", fix="write a day of it, such as 2026-05-31") from None
