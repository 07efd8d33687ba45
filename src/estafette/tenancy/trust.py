"""Trust: the ramp of new tenants, and the pauses that rules cause. Run by the janitor, over the counters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from estafette.model.suspension import Suspension
from estafette.model.tenant import Tenant
from estafette.store.interface.plans import Standing, Usage
from estafette.tenancy import alerts
from estafette.tenancy.alerts import Note
from estafette.tenancy.consumption import calendar_of
from estafette.tenancy.office import Office, new_id
from estafette.tenancy.rules import Rules, shipped

_DAY = 86_400
#: Messages that a suspension names.
MESSAGES = 20


def judge(office: Office, rules: Rules | None = None) -> list[str]:
    """Move every ramp on by the days that are over; return tenants (ids) that are fully trusted from now on."""
    rules = rules or shipped()
    done = []
    ramping = {tenant.id: tenant for tenant in office.control.plans.on_ramp()}
    known = {standing.tenant: standing for standing in office.control.plans.standings()}
    for name, tenant in ramping.items():
        standing = known.get(name) or Standing(tenant=name, allowed=rules.ramp.first_day)
        if _move(office, tenant, standing, rules):
            _trust(office, tenant, standing)
            done.append(name)
    return done


def bursts(office: Office, hours: Iterable[tuple[str, str, int]], rules: Rules | None = None) -> list[Suspension]:
    """Pause personal credentials whose hour is out of proportion; return the new pauses.

    hours: (tenant, credential, beginning of an hour) that grew. A credential of a trusted tenant has a day to show
    what is usual; one of a new tenant has not.
    """
    rules = rules or shipped()
    grown = set(hours)
    if not grown:
        return []
    since = min(hour for _, _, hour in grown)
    # Of thousands of hours hardly one is busy: the counters are asked once, and credentials only of what they say.
    busy = grown.intersection(office.control.plans.busy_hours({name for name, _, _ in grown}, since, rules.burst.least))
    found = []
    paused = {each.credential for each in office.control.plans.suspensions(ended=False)} if busy else set()
    personal = office.control.lists.personal({credential for _, credential, _ in busy} - paused - {""})
    for tenant, credential, hour in sorted(busy):
        if credential in personal:
            numbers = _burst(office, tenant, credential, hour, rules)
            if numbers:
                found.append(pause(office, tenant, credential=credential, rule="burst", numbers=numbers, rules=rules))
    return found


def told(office: Office, suspension: Suspension, messages: Sequence[int]) -> list[Note]:
    """Note which messages a suspension holds and that its owner is told; return the letters."""
    named = msgspec.structs.replace(suspension, messages=tuple(messages[:MESSAGES]))
    note = alerts.of_suspension(office, named)
    office.control.plans.put_suspension(msgspec.structs.replace(named, told=office.now()), None)
    return [note] if note is not None else []


def pause(
    office: Office,
    tenant: str,
    *,
    stream: str = "",
    credential: str = "",
    rule: str = "operator",
    numbers: dict[str, str] | None = None,
    rules: Rules | None = None,
) -> Suspension:
    """Stop a credential, a stream or a tenant; processes know within seconds."""
    hours = (rules or shipped()).paused.hours
    suspension = Suspension(
        id=new_id(), tenant=tenant, stream=stream, credential=credential, rule=rule, numbers=numbers or {},
        created=office.now(), until=office.now() + hours * 3600,
    )  # fmt: skip
    entry = office.entry("suspension.create", tenant=tenant, subject=suspension.what, detail=rule, after=suspension)
    office.control.plans.put_suspension(suspension, entry)
    return suspension


def _move(office: Office, tenant: Tenant, standing: Standing, rules: Rules) -> bool:
    """Judge the days before today; True when the ramp is over."""
    today = calendar_of(tenant).day(office.now()).start
    if standing.day < today:
        if standing.day:
            days: dict[int, list[Usage]] = {}
            for row in office.control.plans.usage(tenant.id, "day", standing.day, today):
                days.setdefault(row.start, []).append(row)
            for rows in days.values():
                if _is_clean(rows, rules):
                    standing.clean += 1
                    standing.allowed *= rules.ramp.factor
        standing.day = today
        office.control.plans.put_standing(standing)
    return standing.clean >= rules.ramp.days


def _is_clean(rows: Iterable[Usage], rules: Rules) -> bool:
    """Return whether a day showed good mail; a day without mail shows nothing."""
    sent = bounced = complained = 0
    for row in rows:
        sent, bounced, complained = sent + row.recipients, bounced + row.bounced, complained + row.complained
    return bool(sent) and bounced < rules.ramp.hard_bounces * sent and complained < rules.ramp.complaints * sent


def _trust(office: Office, tenant: Tenant, standing: Standing) -> None:
    after = msgspec.structs.replace(tenant, trust="full")
    detail = f"{standing.clean} clean days"
    entry = office.entry(
        "tenant.trust", tenant=tenant.id, subject=tenant.name, detail=detail, before=tenant, after=after
    )  # fmt: skip
    office.control.put_tenant(after, entry)


def _burst(office: Office, tenant: str, credential: str, hour: int, rules: Rules) -> dict[str, str]:
    now = sum(
        row.recipients
        for row in office.control.plans.usage(tenant, "hour", hour, hour + 1)
        if row.credential == credential
    )
    if now <= rules.burst.least:
        return {}
    hours: dict[int, int] = {}
    for row in office.control.plans.usage(tenant, "hour", hour - rules.burst.days * _DAY, hour):
        if row.credential == credential:
            hours[row.start] = hours.get(row.start, 0) + row.recipients
    owner = office.control.lists.tenant(tenant)
    known_since = min(hours, default=hour)
    if now <= rules.burst.limit(max(hours.values(), default=0)):
        return {}
    if owner is not None and owner.trust == "full" and hour - known_since < _DAY:
        return {}
    return {
        "recipients_of_the_hour": str(now),
        "busiest_hour_before": str(max(hours.values(), default=0)),
        "limit": str(rules.burst.limit(max(hours.values(), default=0))),
    }
