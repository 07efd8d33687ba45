"""Plans: made by the operator, as data. A change takes effect for every tenant that has the plan within seconds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import parse_path
from estafette.model.plan import FreePer, Plan
from estafette.model.tenant import Tenant
from estafette.tenancy import features
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, resource

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_STREAM = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
#: Units of a window, and of one recipient, at most.
MOST = 1 << 53
HEAVIEST = 1_000
_AMOUNT_DIGITS = 24


class _Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a table of a file of plans may say."""

    currency: str = ""
    price: str = ""
    monthly: int = 0
    daily: int = 0
    hourly: int = 0
    free: int = 0
    free_per: FreePer = "day"
    overage_price: str = ""
    weights: dict[str, int] = {}
    features: tuple[str, ...] = ()


def create(office: Office, /, name: str, **terms: object) -> Resource:
    """Make a plan of the terms that ``Plan`` names; the others have their defaults. AlreadyThere, Fault."""
    if not _NAME.fullmatch(name):
        raise _wrong("name", f"{name!r} is no name for a plan", "use 1 to 63 letters, digits, dots, hyphens")
    plan = checked(msgspec.structs.replace(Plan(name=name, created=office.now()), **terms))
    features.check(plan.features)
    office.control.plans.add_plan(plan, office.entry("plan.create", subject=name, after=plan))
    return show(office, name)


def load(office: Office, text: str) -> Resource:
    """Make or change the plans of a TOML text, a table each. Fault: those before the wrong one hold."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong("FILE", f"this is no TOML: {error}", "see examples/plans.toml") from None
    known = {plan.name for plan in office.control.plans.plans()}
    made = []
    for name, given in tables.items():
        terms = _terms(name, given)
        made.append(update(office, name, **terms) if name in known else create(office, name, **terms))
    return listing(made)


def _terms(name: str, given: object) -> dict[str, object]:
    try:
        held = msgspec.convert(given, _Terms)
    except msgspec.ValidationError as error:
        raise _wrong(name, str(error), "see examples/plans.toml") from None
    assert isinstance(given, dict)
    return {field: getattr(held, field) for field in given}


def list_all(office: Office) -> Resource:
    """Return every plan, by name."""
    return listing([_shown(plan) for plan in office.control.plans.plans()])


def show(office: Office, name: str) -> Resource:
    """Return one plan; NotFound."""
    return _shown(find(office, name))


def update(office: Office, /, name: str, **terms: object) -> Resource:
    """Change the given terms; tenants that have the plan are under them at once. NotFound, Fault, Stale."""
    before = find(office, name)
    office.seen(before.version)
    after = checked(msgspec.structs.replace(before, **terms))
    if after.features != before.features:
        features.check(after.features)
    office.control.plans.put_plan(after, office.entry("plan.update", subject=name, before=before, after=after))
    return show(office, name)


def remove(office: Office, name: str) -> Resource:
    """Remove a plan that no tenant has. NotFound, Fault."""
    plan = find(office, name)
    office.seen(plan.version)
    holders = [tenant.name for tenant in office.control.tenants() if tenant.plan == name]
    if holders:
        raise _wrong("name", f"{name} is the plan of {', '.join(holders[:5])}", "give them another plan first")
    office.control.plans.remove_plan(name, office.entry("plan.remove", subject=name, before=plan))
    return {"name": name, "removed": True}


def find(office: Office, name: str) -> Plan:
    """Return a plan by its name; NotFound."""
    for plan in office.control.plans.plans():
        if plan.name == name:
            return plan
    raise NotFound(f"there is no plan {name!r}", place="plan", fix="see `estafette plan list`")


def checked(plan: Plan) -> Plan:
    """Return a plan with its amounts in their plain form; Fault names the field that is wrong."""
    if not _CURRENCY.fullmatch(plan.currency):
        raise _wrong("currency", f"{plan.currency!r} is no currency", "use three letters of ISO 4217, such as EUR")
    for field in ("monthly", "daily", "hourly", "free"):
        units = getattr(plan, field)
        if units is not None and not 0 <= units <= MOST:
            raise _wrong(field, f"{units} is no number of units", f"use 0 to {MOST}")
    if plan.free_per not in {"day", "month"}:
        raise _wrong("free_per", f"{plan.free_per!r} is neither day nor month", "use one of them")
    _check_weights(plan.weights)
    return msgspec.structs.replace(
        plan,
        price=amount(plan.price, "price"),
        overage_price=amount(plan.overage_price, "overage_price") if plan.overage_price else "",
    )


def amount(text: str, field: str) -> str:
    """Return an exact decimal in its plain form; Fault when it is none or below zero."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0 or len(plain := format(value, "f")) > _AMOUNT_DIGITS:
        raise _wrong(field, f"{text[:40]!r} is no amount", "write it as 9.90")
    return plain


def terms(
    office: Office,
    tenant: Tenant,
    *,
    plan: str | None = None,
    timezone: str | None = None,
    overage: str | None = None,
    alert_to: str | None = None,
    trust: str | None = None,
) -> dict[str, object]:
    """Return the given terms of a tenant, checked, as fields to change. NotFound, Fault, AddressError."""
    if plan:
        find(office, plan)
    if timezone is not None:
        _check_zone(timezone)
    if overage is not None and overage not in {"stop", "bill"}:
        raise _wrong("overage", f"{overage!r} is neither stop nor bill", "use one of them")
    if trust is not None and trust not in {"full", "ramp"}:
        raise _wrong("trust", f"{trust!r} is neither full nor ramp", "use one of them")
    wanted: dict[str, object] = {"plan": plan, "timezone": timezone, "overage": overage, "trust": trust}
    if alert_to is not None:
        wanted["alert_to"] = parse_path(alert_to, smtputf8=True).text if alert_to else ""
    if plan and not tenant.plan:
        wanted["anchor"] = tenant.anchor or office.now()
    return {field: value for field, value in wanted.items() if value is not None}


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        raise _wrong("timezone", f"{name[:64]!r} is no time zone", "use a name such as Europe/Paris") from None


def _check_weights(weights: Mapping[str, int]) -> None:
    for stream, units in weights.items():
        if not _STREAM.fullmatch(stream) or not 0 <= units <= HEAVIEST:
            raise _wrong("weights", f"{stream}={units} is no weight", f"name a stream and 0 to {HEAVIEST} units")


def _shown(plan: Plan) -> Resource:
    return resource(msgspec.structs.asdict(plan) | {"created": moment(plan.created)})


def _wrong(field: str, cause: str, fix: str) -> Fault:
    return Fault(cause, place=field, fix=fix)
