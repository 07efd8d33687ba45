"""The overview: what the people of a tenant see of their account at one look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from estafette.model.domain import Domain
from estafette.model.route import Route
from estafette.model.tenant import Tenant
from estafette.model.user import Language
from estafette.store.interface.page import Page
from estafette.tenancy import credentials, pace_text, routes, suspension_text, tenants, usage
from estafette.tenancy.office import NotFound, Office
from estafette.tenancy.permissions import Actor, may

#: Accounts, domains and log-ins that one look shows.
SHOWN = Page(limit=100)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever may read an account sees of it: resources as the API answers them. cut: there is more.

    suspensions, slowed: in the reader's language, with ``figures`` by their names. routes: None for whoever may not see
    them; their targets as the audit has them.
    """

    usage: dict[str, Any]
    suspensions: list[dict[str, Any]]
    slowed: list[dict[str, Any]]
    domains: Sequence[Domain]
    credentials: list[dict[str, Any]]
    routes: Sequence[Route] | None
    cut: bool


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """One account. others: (id, name) of all that the reader has. figures: None for whoever may not read them."""

    tenant: Tenant
    role: str
    others: list[tuple[str, str]]
    figures: Figures | None


def of(office: Office, name: str = "", language: Language = "en") -> Overview | None:
    """Return an account by id or name, else the first that the actor has; None when it has none. NotFound."""
    actor = office.who
    within = None if actor.runs_service else set(actor.roles)
    items: Any = tenants.list_all(office, page=SHOWN, within=within)["items"]
    others = [(each["id"], each["name"]) for each in items]
    if not name and not others:
        return None
    tenant = office.tenant(name or others[0][0])
    actor = tenants.within(actor, tenant)
    if not actor.runs_service and tenant.id not in actor.roles:
        raise NotFound(f"there is no tenant {name!r}", place="tenant", fix="see GET /v1/tenants")
    figures = _figures(office, actor, tenant, language) if may(actor, "read", tenant.id) else None
    role = "operator" if actor.runs_service else actor.roles[tenant.id]
    return Overview(tenant=tenant, role=role, others=others, figures=figures)


def _figures(office: Office, actor: Actor, tenant: Tenant, language: Language) -> Figures:
    domains = office.control.lists.domains(SHOWN, tenant=tenant.id)
    held: Any = credentials.list_all(office, tenant.id, page=SHOWN, revoked=False)
    names = {each["id"]: each["username"] for each in held["items"]}
    incoming = office.control.routes.page(SHOWN, tenant=tenant.id) if may(actor, "routes", tenant.id) else None
    return Figures(
        usage=usage.shown(office, tenant),
        suspensions=_stopped(office, tenant, language, names),
        slowed=_slowed(office, tenant, language),
        domains=domains.items,
        credentials=held["items"],
        routes=[routes.without_query(each) for each in incoming.items] if incoming is not None else None,
        cut=bool(domains.next or held["next"] or (incoming is not None and incoming.next)),
    )


def _stopped(office: Office, tenant: Tenant, language: Language, names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        suspension_text.shown(each, language)
        | {
            "what": suspension_text.what(each, language, names.get(each.credential, "")),
            "figures": suspension_text.named(each, language),
        }
        for each in office.control.plans.suspensions(tenant.id, ended=False)
    ]


def _slowed(office: Office, tenant: Tenant, language: Language) -> list[dict[str, Any]]:
    return [
        pace_text.shown(each, language) | {"figures": pace_text.named(each, language)}
        for each in office.control.reputation.paces(tenant.id, ended=False)
    ]
