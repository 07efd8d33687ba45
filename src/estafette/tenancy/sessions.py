"""Sessions: log-ins of people that last. The token is stored as its SHA-256 and looked up at every call."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Fault
from estafette.model.user import Session, User
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import Stale
from estafette.tenancy import passwords, second_factor, users
from estafette.tenancy.office import (
    NotFound,
    Office,
    Resource,
    digest,
    listing,
    moment,
    new_id,
    new_secret,
    resource,
)
from estafette.tenancy.permissions import Actor

PREFIX = "esu_"
LASTS = 12 * 3600.0
#: Seconds between two notes of a session's use.
NOTED_EVERY = 60.0


class LogInFailed(Fault):
    """Address, password or code is wrong; which one is never said."""

    code = "log_in_failed"

    def __init__(self) -> None:
        super().__init__(
            "address, password or code is wrong", place="password", fix="try again, or choose a new password by mail"
        )


class CodeNeeded(Fault):
    """The password is right, and a second factor is set up."""

    code = "code_needed"

    def __init__(self) -> None:
        super().__init__("a code of the second factor is needed", place="code", fix="send it as code")


def log_in(office: Office, email: str, password: str, code: str = "", *, agent: str = "") -> Resource:
    """Open a session; the answer holds its ``token``, shown once. LogInFailed, CodeNeeded."""
    user = office.control.people.user(email.strip().lower()[:320])
    good = passwords.fits(password, user.password_hash if user else "")
    if user is None or not good or not user.password_hash or user.disabled is not None:
        raise LogInFailed
    if user.totp_since is not None:
        if not code:
            raise CodeNeeded
        if not second_factor.passes(as_user(office, user), user, code):
            raise LogInFailed
    return open_for(office, user, agent=agent)


def open_for(office: Office, user: User, *, how: str = "password", agent: str = "") -> Resource:
    """Open a session for a user who has proved to be that user."""
    token = f"{PREFIX}{new_secret()}"
    session = begun(office, user.id, token, how=how, agent=agent)
    entry = as_user(office, user).entry("session.create", subject=user.email, after=session)
    office.control.access.add_session(session, entry)
    return shown(session) | {"token": token, "email": user.email}


def begun(office: Office, owner: str, token: str, *, how: str, agent: str) -> Session:
    """Return a session that begins now, of a person or an operator (id)."""
    now = office.now()
    plain = "".join(character for character in agent if character.isprintable())
    return Session(
        id=new_id(), user=owner, token_sha256=digest(token), created=now, expires=now + LASTS, seen=now,
        address=office.who.address, agent=plain[:255], how=how,
    )  # fmt: skip


def by_token(office: Office, token: str, address: str) -> Actor | None:
    """Return the user whose session has a token, with the roles of this moment; None when it is over."""
    found, now = office.control.access.session_by(digest(token)), office.now()
    if found is None or found.user.disabled is not None:
        return None
    session = found.session
    if session.revoked is not None or session.expires <= now:
        return None
    if now - session.seen >= NOTED_EVERY:
        office.control.access.seen(session.id, now, address)
    roles = {each.tenant: each.role for each in found.memberships}
    return Actor(
        kind="user", id=found.user.id, name=found.user.email, roles=roles, address=address, session=session.id
    )  # fmt: skip


def list_all(office: Office, user: str, *, page: Page = FIRST) -> Resource:
    """Return a page of the sessions that last of a user id, or of the operator who asks, oldest first."""
    found = office.control.access.sessions(page, user=user, good_at=office.now(), operators=_operators(office))
    return listing([shown(each) | {"current": each.id == office.who.session} for each in found.items], found.next)


def end(office: Office, user: str, session: str) -> None:
    """End one session of a user id, or of the operator who asks, at once everywhere; NotFound."""
    entry = office.entry("session.end", subject=office.who.name, detail=session)
    only, operators = session.replace("\0", "?"), _operators(office)
    try:
        office.control.access.end_sessions(user, office.now(), entry, only=only, operators=operators)
    except Stale:
        raise NotFound(f"there is no session {session!r}", place="session", fix="see GET /v1/sessions") from None


def end_others(office: Office) -> Resource:
    """End every session of whoever asks but the one that asks; return how many ended."""
    mine = office.who
    entry = office.entry("session.end_all", subject=mine.name, detail=f"but {mine.session}")
    ended = office.control.access.end_sessions(
        mine.id, office.now(), entry, but=mine.session, operators=_operators(office)
    )
    return {"ended": ended}


def end_all(office: Office, name: str, *, but: str = "") -> Resource:
    """End every session of a user, by id or address, except one; return how many ended."""
    user = users.person(office, name)
    entry = office.entry("session.end_all", subject=user.email)
    return {"ended": office.control.access.end_sessions(user.id, office.now(), entry, but=but)}


def as_user(office: Office, user: User) -> Office:
    """Return the office in which a user acts, from the address at which the request came in."""
    actor = Actor(kind="user", id=user.id, name=user.email, address=office.who.address, session=office.who.session)
    return msgspec.structs.replace(office, who=actor)


def _operators(office: Office) -> bool:
    return office.who.kind == "operator"


def shown(session: Session) -> Resource:
    """Return a session's resource, without its token."""
    fields = msgspec.structs.asdict(session)
    del fields["token_sha256"], fields["revoked"]
    return resource(fields | {name: moment(fields[name]) for name in ("created", "expires", "seen")})
