"""Who may do what: an actor, its role, and the table of roles. The one place where this is decided."""

from __future__ import annotations

from typing import Literal

import msgspec

from estafette.base.errors import Fault
from estafette.model.user import Role

ActorKind = Literal["operator", "user", "key", "credential", "cli"]

#: What each role may do within its tenant. ``read`` is every resource except ``billing``, ``people``,
#: ``audit``, ``tickets`` and ``inbound``, which hold letters of strangers.
ROLES: dict[Role, frozenset[str]] = {
    "owner": frozenset(
        {"read", "send", "tenant", "people", "domains", "streams", "credentials", "suppressions", "consents",
         "templates", "campaigns", "webhooks", "routes", "queue", "tickets", "inbound", "billing", "audit",
         "break_glass"}
    ),
    "admin": frozenset(
        {"read", "send", "tenant", "people", "domains", "streams", "credentials", "suppressions", "consents",
         "templates", "campaigns", "webhooks", "routes", "queue", "tickets", "inbound", "billing", "audit"}
    ),
    "developer": frozenset(
        {"read", "send", "domains", "credentials", "suppressions", "consents", "templates", "webhooks", "routes",
         "queue", "tickets", "inbound"}
    ),
    "marketer": frozenset({"read", "send", "suppressions", "consents", "templates", "campaigns"}),
    "billing": frozenset({"billing"}),
    "reader": frozenset({"read"}),
}  # fmt: skip
#: Only the operator of the service does these; no role of a tenant holds them.
OPERATOR_ONLY = frozenset({"tenants", "plans", "trust", "operators", "service"})


class Forbidden(Fault):
    """The actor exists and may not do this. A foreign tenant is NotFound: nobody learns of it."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts. kind "operator" and "cli" may do everything; the others act within ``tenants``.

    roles: tenant id -> role, of a user; scopes: what a management key may do at most (permissions of ``ROLES``);
    address: where the act comes from, for the audit. session: id of the log-in, of a user. recipients: addresses or
    domains to which alone the credentials that a key makes may write, empty = any.
    """

    kind: ActorKind
    id: str
    name: str
    roles: dict[str, Role] = {}
    scopes: frozenset[str] = frozenset()
    address: str = ""
    session: str = ""
    recipients: tuple[str, ...] = ()

    @property
    def runs_service(self) -> bool:
        """True for the people who run the service."""
        return self.kind in {"operator", "cli"}

    @property
    def label(self) -> str:
        """Return the name that the audit keeps, such as ``user:anna@company.example``."""
        return f"{self.kind}:{self.name}"


def held(actor: Actor, tenant: str) -> frozenset[str]:
    """Return every permission that an actor holds in a tenant (id), and can therefore pass on."""
    return frozenset(permission for permission in ROLES["owner"] if may(actor, permission, tenant))


def may(actor: Actor, permission: str, tenant: str = "") -> bool:
    """Return whether an actor holds a permission, in a tenant (id) when the permission is one of a tenant's."""
    if actor.runs_service:
        return True
    if permission in OPERATOR_ONLY or tenant not in actor.roles:
        return False
    granted = ROLES[actor.roles[tenant]]
    if actor.kind in {"key", "credential"}:
        granted = granted & actor.scopes
    return permission in granted


def require(actor: Actor, permission: str, tenant: str = "") -> None:
    """Raise Forbidden unless ``may``."""
    if not may(actor, permission, tenant):
        raise Forbidden(
            f"{actor.label} may not do this", place=permission, fix="ask an owner of the account for the permission"
        )
