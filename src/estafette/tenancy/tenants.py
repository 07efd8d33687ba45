"""Tenants: the organisations that send, and the clients of an agency below them."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import partial
from typing import Literal

import msgspec

from estafette.base.errors import Fault
from estafette.model.stream import PRIORITY_OF, Stream, Tracking, ready_made
from estafette.model.tenant import Tenant, Trust
from estafette.model.tracking import MODES
from estafette.model.user import LANGUAGES, Language
from estafette.store.interface.page import FIRST, Page
from estafette.tenancy import features, plans
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, new_id, resource
from estafette.tenancy.permissions import Actor, require

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}")
#: Fields of a tenant that only the operator of the service changes.
OPERATORS_FIELDS = frozenset({"plan", "queued_limit", "trust"})
#: Roles that an agency's people have in the accounts of its clients too.
_AGENTS = frozenset({"owner", "admin"})


def create(
    office: Office, name: str, *, plan: str = "", parent: str = "", trust: Trust | None = None, language: str = ""
) -> Resource:
    """Make a tenant with its three streams; without a plan it is unlimited. AlreadyThere, NotInPlan, Fault.

    trust: full when the operator makes it from the command line, ramp when it signs up over the API, unless it is
    given. parent: the agency whose client it is, by name or id; its people act for the client too.
    language: see ``Tenant``.
    """
    _check_name(name)
    if plan:
        plans.find(office, plan)
    above = office.tenant(parent) if parent else None
    if above is not None and above.parent:
        raise Fault(f"{above.name} is a client itself", place="parent", fix="name the agency above it")
    if above is not None:
        clients = partial(office.control.lists.tenants, parent=above.id)
        features.room(office, above, "sub-accounts", "parent", clients)
    tenant = Tenant(
        id=new_id(), name=name, plan=plan, created=office.now(), parent=above.id if above else "",
        trust=trust or ("full" if office.who.kind == "cli" else "ramp"), language=_language(language),
    )  # fmt: skip
    entry = office.entry("tenant.create", tenant=tenant.id, subject=name, after=tenant)
    office.control.add_tenant(tenant, ready_made(tenant.id), entry)
    return show(office, tenant.id)


def list_all(
    office: Office,
    *,
    page: Page = FIRST,
    within: Collection[str] | None = None,
    parent: str = "",
    status: str = "",
) -> Resource:
    """Return a page of tenants, oldest first. within: only these ids.

    Of an agency's clients only those see the names who act for them: its owners and admins.
    """
    above = office.tenant(parent).id if parent else ""
    if above and within is not None and above not in within:
        raise NotFound(f"there is no tenant {parent!r}", place="--tenant", fix="see `estafette tenant list`")
    agencies = {name for name, role in office.who.roles.items() if role in _AGENTS}
    found = office.control.lists.tenants(page, within=within, agencies=agencies, parent=above, status=status)
    streams = office.control.lists.streams([tenant.id for tenant in found.items])
    held: dict[str, list[Stream]] = {}
    for stream in streams:
        held.setdefault(stream.tenant, []).append(stream)
    return listing([_shown(office, tenant, held.get(tenant.id, [])) for tenant in found.items], found.next)


def show(office: Office, name: str) -> Resource:
    """Return one tenant by name or id, with the names of its streams, most urgent first."""
    return show_one(office, office.tenant(name))


def update(
    office: Office,
    name: str,
    *,
    new_name: str | None = None,
    identity: str | None = None,
    postal_address: str | None = None,
    plan: str | None = None,
    show_id: bool | None = None,
    queued_limit: int | None = None,
    timezone: str | None = None,
    overage: str | None = None,
    alert_to: str | None = None,
    trust: str | None = None,
    language: str | None = None,
    tracking: str | None = None,
) -> Resource:
    """Change what is given, leave the rest; ``queued_limit`` below 0 lifts the limit. Forbidden, Stale, Fault.

    overage: stop or bill beyond the plan. alert_to: who is told that it runs out. trust: full or ramp.
    language: "" = the service's. tracking: the most that any of its streams may measure.
    """
    tenant = office.tenant(name)
    if new_name is not None:
        _check_name(new_name)
    wanted = {
        "name": new_name, "identity": identity, "postal_address": postal_address, "show_id": show_id,
        "queued_limit": queued_limit, "language": None if language is None else _language(language),
        "tracking": None if tracking is None else _tracking(office, tenant, tracking),
    }  # fmt: skip
    changes: dict[str, object] = {field: value for field, value in wanted.items() if value is not None}
    changes |= plans.terms(
        office, tenant, plan=plan, timezone=timezone, overage=overage, alert_to=alert_to, trust=trust
    )  # fmt: skip
    if OPERATORS_FIELDS & changes.keys():
        require(office.who, "plans", tenant.id)
    if queued_limit is not None and queued_limit < 0:
        changes["queued_limit"] = None
    return _put(office, tenant, msgspec.structs.replace(tenant, **changes), "tenant.update")


def suspend(office: Office, name: str, reason: str) -> Resource:
    """Take no more mail from a tenant; what waits still leaves."""
    tenant = office.tenant(name)
    changed = msgspec.structs.replace(tenant, status="suspended", reason=reason)
    return _put(office, tenant, changed, "tenant.suspend", reason)


def resume(office: Office, name: str) -> Resource:
    """Undo ``suspend``."""
    tenant = office.tenant(name)
    return _put(office, tenant, msgspec.structs.replace(tenant, status="active", reason=""), "tenant.resume")


def language(office: Office, name: str) -> Language:
    """Return the one language in which a tenant's people read; NotFound."""
    return office.languages(office.tenant(name))[0]


def within(actor: Actor, tenant: Tenant) -> Actor:
    """Return an actor with its role in a tenant: people of an agency hold theirs in the accounts of its clients too."""
    role = actor.roles.get(tenant.parent) if tenant.parent else None
    if role not in _AGENTS or tenant.id in actor.roles:
        return actor
    return msgspec.structs.replace(actor, roles={**actor.roles, tenant.id: role})


def show_one(office: Office, tenant: Tenant) -> Resource:
    """Return a tenant's resource with the names of its streams, most urgent first."""
    return _shown(office, tenant, office.control.streams(tenant.id))


def _shown(office: Office, tenant: Tenant, streams: Collection[Stream]) -> Resource:
    ordered = sorted(streams, key=lambda stream: (PRIORITY_OF[stream.kind], stream.name))
    fields = msgspec.structs.asdict(tenant) | {"created": moment(tenant.created), "anchor": moment(tenant.anchor)}
    if not office.who.runs_service and tenant.parent not in office.who.roles:
        # A client never learns who stands above it.
        fields["parent"] = ""
    return resource(fields | {"streams": [stream.name for stream in ordered]})


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Fault(
            f"{name!r} is no name for a tenant",
            place="NAME",
            fix="use 1 to 63 letters, digits, spaces, dots, hyphens and underscores",
        )


def _language(text: str) -> Language | Literal[""]:
    for known in LANGUAGES:
        if text == known:
            return known
    if text:
        raise Fault(f"{text[:16]!r} is no language of ours", place="language", fix=f"use {' or '.join(LANGUAGES)}")
    return ""


def _tracking(office: Office, tenant: Tenant, mode: str) -> Tracking:
    """Return a mode by its name. NotInPlan when it is looser than the plan opens."""
    known = next((each for each in MODES if each == mode), None)
    if known is None:
        raise Fault(f"{mode[:16]!r} is no tracking", place="tracking", fix=f"choose one of {', '.join(MODES)}")
    if known == "individual" and tenant.tracking != known:
        features.require(office, tenant, "individual-tracking", "tracking")
    return known


def _put(office: Office, before: Tenant, after: Tenant, action: str, detail: str = "") -> Resource:
    office.seen(before.version)
    entry = office.entry(
        action, tenant=after.id, subject=after.name, detail=detail, before=before, after=after
    )  # fmt: skip
    office.control.put_tenant(after, entry)
    return show(office, after.id)
