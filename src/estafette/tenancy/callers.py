"""Whom a bearer token stands for, other than a credential's key, which the directory knows."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from estafette.tenancy import keys, operator_sessions, operators, sessions
from estafette.tenancy.office import Office
from estafette.tenancy.permissions import Actor

Finder = Callable[[Office, str, str], Actor | None]


def operator(office: Office, token: str, address: str) -> Actor | None:
    """Return the operator who holds an API key; None when nobody does."""
    found = operators.by_api_key(office, token)
    return Actor(kind="operator", id=found.id, name=found.name, address=address) if found else None


#: How a token begins -> who looks it up. The third argument is the client's address.
FINDERS: MappingProxyType[str, Finder] = MappingProxyType(
    {
        "eso_": operator,
        operator_sessions.PREFIX: operator_sessions.by_token,
        sessions.PREFIX: sessions.by_token,
        keys.PREFIX: keys.by_token,
    }
)


def by_token(office: Office, token: str, address: str) -> Actor | None:
    """Return who holds a token, None for a stranger."""
    find = FINDERS.get(token[:4])
    return find(office, token, address) if find else None
