"""Alerts: who pays is told, once each month, when 80, 95 and 100 % of a plan are used, and when mail is stopped."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from estafette.base import ids
from estafette.model.plan import Overage
from estafette.model.suspension import Suspension
from estafette.model.tenant import Tenant
from estafette.model.user import Language
from estafette.store.interface.page import Page
from estafette.tenancy import letters, suspension_text, usage
from estafette.tenancy.office import Office

LEVELS = (80, 95, 100)
_READERS = 20
_LONGEST_MONTH = 32 * 86_400
_OVERAGE: dict[Language, dict[Overage, str]] = {
    "en": {"stop": "packs, then mail waits or is refused", "bill": "it is billed"},
    "fr": {"stop": "les packs, puis le courrier attend ou est refusé", "bill": "il est facturé"},
}


class Note(msgspec.Struct, frozen=True):
    """A letter to write. tenant: whose account it is about."""

    tenant: str
    to: tuple[str, ...]
    subject: str
    text: str


def due(office: Office, tenants: Iterable[str]) -> list[Note]:
    """Return the letters that tenants (ids) whose counters grew are owed now; each is owed once."""
    notes = (_level(office, tenant) for tenant in _near_end(office, set(tenants)))
    return [note for note in notes if note is not None]


def _near_end(office: Office, names: set[str]) -> list[Tenant]:
    """Return tenants that may have reached a level; one look for thousands of them, of which few are near."""
    limits = {plan.name: plan.monthly for plan in office.control.plans.plans()}
    taken = office.control.plans.months(names, office.now() - _LONGEST_MONTH)
    found = []
    for tenant in office.control.plans.on_plans(names):
        limit = limits.get(tenant.plan)
        # A plan without units of its own is used up with its packs.
        if limit is not None and taken.get(tenant.id, 0) * 100 >= LEVELS[0] * limit:
            found.append(tenant)
    return found


def of_suspension(office: Office, suspension: Suspension) -> Note | None:
    """Return the letter that tells of a suspension, None when it was told already."""
    tenant = office.control.lists.tenant(suspension.tenant)
    if tenant is None or suspension.told is not None:
        return None
    text = letters.said("suspension", office.languages(tenant), lambda language: _stopped(tenant, suspension, language))
    return Note(tenant.id, readers(office, tenant), text.subject, text.text)


def readers(office: Office, tenant: Tenant) -> tuple[str, ...]:
    """Return who is told about an account: the address it names for this, else its owners."""
    if tenant.alert_to:
        return (tenant.alert_to,)
    owners = office.control.people.members(Page(limit=_READERS), tenant=tenant.id, role="owner")
    return tuple(owner.email for owner in owners.items)


def _level(office: Office, tenant: Tenant) -> Note | None:
    figures = usage.figures(office, tenant)
    reached = [level for level in LEVELS if figures.percent is not None and figures.percent >= level]
    new = [level for level in reached if level not in office.control.plans.alerted(tenant.id, figures.start)]
    told = [level for level in new if office.control.plans.note_alert(tenant.id, figures.start, level, office.now())]
    if not told:
        return None
    shown = usage.shown(office, tenant)
    month, forecast = shown["month"], shown["forecast"]
    assert isinstance(month, dict)
    assert isinstance(forecast, dict)
    words = {
        "tenant": tenant.name, "plan": tenant.plan, "level": max(told), "percent": figures.percent,
        "used": month["plan"], "limit": month["limit"], "end": month["end"], "packs": figures.packs_left,
        "runs_out": forecast["runs_out"] or "-",
    }  # fmt: skip
    languages = office.languages(tenant)
    text = letters.said("level", languages, lambda language: words | {"overage": _OVERAGE[language][tenant.overage]})
    return Note(tenant.id, readers(office, tenant), text.subject, text.text)


def _stopped(tenant: Tenant, suspension: Suspension, language: Language) -> dict[str, object]:
    shown = suspension_text.shown(suspension, language)
    messages = [ids.show(message) for message in suspension.messages]
    return {
        **shown, "tenant": tenant.name, "figures": suspension_text.figures(suspension, language),
        "messages": ", ".join(messages) or "-", "until": shown["mail_kept_until"] or "-",
    }  # fmt: skip
