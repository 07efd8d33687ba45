"""What a plan opens beside sending, and how many of it: asked where the act happens, and only then.

What a tenant has already stays when its plan changes. Two acts at one moment may together exceed a number by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal

import msgspec

from estafette.base.errors import Fault
from estafette.base.shipped import table
from estafette.model.tenant import Tenant
from estafette.store.interface.page import Page, Paged
from estafette.tenancy.office import Office, Resource, listing
from estafette.tenancy.permissions import Forbidden

#: The highest number of a feature.
MOST = 1_000_000_000
_PAGE = 1_000


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One feature; see ``features.toml``. en, fr: what it is, to be read after "opens" and "ouvre"."""

    absent: Literal["open", "closed"]
    en: str
    fr: str
    counts: bool = False


class NotInPlan(Forbidden):
    """The tenant's plan does not open this, or no more of it. Nothing was changed."""

    code = "not_in_plan"


@cache
def shipped() -> Mapping[str, Feature]:
    """Return every feature by its name."""
    return table("estafette.tenancy", "features.toml", dict[str, Feature])


def list_all(_office: Office) -> Resource:
    """Return what plans may open, by name, in both languages."""
    return listing([{"name": name, **msgspec.to_builtins(each)} for name, each in sorted(shipped().items())])


def check(features: Sequence[str]) -> None:
    """Raise Fault unless a plan may have this list: known names, each once, with a number only where one counts."""
    try:
        held = [name for name, _ in map(_read, features)]
    except ValueError as error:
        fix = f"use {', '.join(f'{name}[=NUMBER]' if each.counts else name for name, each in shipped().items())}"
        raise Fault(str(error), place="features", fix=fix) from None
    if len(held) != len(set(held)):
        raise Fault("a feature is named twice", place="features", fix="name each once")


def require(office: Office, tenant: Tenant, feature: str, place: str) -> None:
    """Raise NotInPlan when the tenant's plan leaves a feature closed. place: the field that asked for it."""
    _most(office, tenant, feature, place)


def require_any(office: Office, tenants: Iterable[Tenant], feature: str, place: str) -> None:
    """Raise NotInPlan when no plan of several tenants opens a feature; nobody's plan refuses nothing."""
    refused = None
    for tenant in tenants:
        try:
            return require(office, tenant, feature, place)
        except NotInPlan as fault:
            refused = fault
    if refused is not None:
        raise refused
    return None


def room(
    office: Office, tenant: Tenant, feature: str, place: str, *pages: Callable[[Page], Paged[Any]], besides: int = 0
) -> None:
    """Raise NotInPlan when the tenant has as many of a feature as its plan allows.

    pages: lists of what it has. besides: how many of them do not count.
    """
    most = _most(office, tenant, feature, place)
    if most is not None and sum(_count(page, most + besides) for page in pages) - besides >= most:
        raise _refused(tenant, feature, place, f"allows {most} of {feature}", "remove one, or ")


def at_most(office: Office, tenant: Tenant, feature: str, place: str, value: float) -> None:
    """Raise NotInPlan when a value is above the number that the tenant's plan names."""
    most = _most(office, tenant, feature, place)
    if most is not None and value > most:
        raise _refused(tenant, feature, place, f"allows {most} of {feature}", "choose less, or ")


def _most(office: Office, tenant: Tenant, feature: str, place: str) -> int | None:
    """Return the number that the plan names, None for any; NotInPlan when it leaves the feature closed."""
    held = _held(office, tenant)
    if feature in held:
        return held[feature]
    if not held or shipped()[feature].absent == "open":
        return None
    raise _refused(tenant, feature, place, f"does not open {feature}")


def _held(office: Office, tenant: Tenant) -> dict[str, int | None]:
    plans = office.control.plans.plans() if tenant.plan else ()
    listed = next((plan.features for plan in plans if plan.name == tenant.plan), ())
    return dict(_split(each) for each in listed)


def _refused(tenant: Tenant, feature: str, place: str, what: str, first: str = "") -> NotInPlan:
    fix = f"{first}ask the operator for a plan that has it: `estafette plan list` shows their features"
    return NotInPlan(f"the plan {tenant.plan} {what}: {shipped()[feature].en}", place=place, fix=fix)


def _count(page: Callable[[Page], Paged[Any]], most: int) -> int:
    held, after = 0, ""
    while held < most:
        found = page(Page(limit=min(most - held, _PAGE), after=after))
        held, after = held + len(found.items), found.next
        if not after:
            break
    return held


def _split(text: str) -> tuple[str, int | None]:
    name, _, number = text.partition("=")
    return name, int(number) if number else None


def _read(text: str) -> tuple[str, int | None]:
    name, equals, number = text.partition("=")
    known = shipped().get(name)
    if known is None:
        raise ValueError(f"{name[:64]!r} is no feature")
    if equals and not (known.counts and number.isascii() and number.isdigit() and int(number[:12]) <= MOST):
        raise ValueError(f"{text[:64]!r} is no number of {name}")
    return _split(text)
