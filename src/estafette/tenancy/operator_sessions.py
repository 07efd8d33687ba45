"""Log-ins of operators, by name and password. An operator's name holds no "@": that is how people are told apart."""

from __future__ import annotations

import msgspec

from estafette.store.interface.records import Operator
from estafette.tenancy import operators
from estafette.tenancy.office import Office, Resource, digest, new_secret
from estafette.tenancy.permissions import Actor
from estafette.tenancy.sessions import NOTED_EVERY, LogInFailed, begun, shown

PREFIX = "esl_"


def log_in(office: Office, name: str, password: str, *, agent: str = "") -> Resource:
    """Open a session; the answer holds its ``token``, shown once. LogInFailed."""
    found = operators.by_password(office, name.strip()[:255], password)
    if found is None:
        raise LogInFailed
    token = f"{PREFIX}{new_secret()}"
    session = begun(office, found.id, token, how="password", agent=agent)
    acting = msgspec.structs.replace(office, who=_actor(found, session.id, office.who.address))
    entry = acting.entry("session.create", subject=found.name, after=session)
    office.control.access.add_session(session, entry, operators=True)
    return shown(session) | {"token": token, "email": found.name}


def by_token(office: Office, token: str, address: str) -> Actor | None:
    """Return the operator whose session has a token; None when it is over."""
    found, now = office.control.access.operator_session_by(digest(token)), office.now()
    if found is None or found.session.revoked is not None or found.session.expires <= now:
        return None
    session = found.session
    if now - session.seen >= NOTED_EVERY:
        office.control.access.seen(session.id, now, address, operators=True)
    return _actor(found.operator, session.id, address)


def _actor(operator: Operator, session: str, address: str) -> Actor:
    return Actor(kind="operator", id=operator.id, name=operator.name, address=address, session=session)
