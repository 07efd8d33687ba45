"""What users change of their own: password, address. Mailed links prove an address; each works once."""

from __future__ import annotations

import msgspec

from estafette.model.user import MailedLink, Purpose, User
from estafette.tenancy import letters, passwords, sessions, users
from estafette.tenancy.invitations import LinkOver
from estafette.tenancy.office import Office, Resource, digest, new_secret

#: Seconds for which a link to a new password, or to confirm an address, works.
LASTS: dict[Purpose, float] = {"reset": 3600.0, "verify": 86400.0}
_PATHS: dict[Purpose, str] = {"reset": "/passwords", "verify": "/addresses"}


def change_password(office: Office, user: User, old: str, new: str) -> None:
    """Choose a new password; every other session ends. LogInFailed when the old one is wrong, WeakPassword."""
    if not passwords.fits(old, user.password_hash):
        raise sessions.LogInFailed
    after = msgspec.structs.replace(user, password_hash=passwords.hashed(new, user.email, user.name))
    office.control.people.put_user(after, office.entry("user.password", subject=user.email, before=user, after=after))
    sessions.end_all(office, user.id, but=office.who.session)


def ask_reset(office: Office, email: str) -> None:
    """Mail a link to a new password; an unknown address is passed over in silence."""
    user = office.control.people.user(email.strip().lower()[:320])
    if user is not None and user.disabled is None:
        _mail(sessions.as_user(office, user), user, "reset", user.email)


def reset(office: Office, token: str, password: str) -> Resource:
    """Choose a new password with a mailed link; every session ends. LinkOver, WeakPassword."""
    link, user = look(office, token, "reset")
    after = msgspec.structs.replace(
        user,
        password_hash=passwords.hashed(password, user.email, user.name),
        verified=user.verified if user.verified is not None else office.now(),
    )
    acting = sessions.as_user(office, user)
    entry = acting.entry("user.password.reset", subject=user.email, before=user, after=after)
    office.control.people.use_link(link, after, entry)
    return {"email": user.email}


def ask_verify(office: Office, user: User, email: str = "") -> None:
    """Mail a link that proves a user's address, or a new one in its place; Fault."""
    _mail(office, user, "verify", users.address(email) if email else user.email)


def verify(office: Office, token: str) -> Resource:
    """Take an address as proved by a mailed link; from now on the user logs in with it. LinkOver, AlreadyThere."""
    link, user = look(office, token, "verify")
    after = msgspec.structs.replace(user, email=link.address, verified=office.now())
    entry = sessions.as_user(office, user).entry("user.verify", subject=link.address, before=user, after=after)
    office.control.people.use_link(link, after, entry)
    return {"email": link.address}


def look(office: Office, token: str, purpose: Purpose) -> tuple[MailedLink, User]:
    """Return an unused link of a purpose and whose it is; LinkOver."""
    link = office.control.people.link(digest(token[:100]), purpose)
    user = office.control.people.user(link.user) if link is not None else None
    if link is None or user is None or user.disabled is not None or link.expires <= office.now():
        raise LinkOver
    return link, user


def _mail(office: Office, user: User, purpose: Purpose, address: str) -> None:
    token, now = new_secret(), office.now()
    link = MailedLink(
        token_sha256=digest(token), purpose=purpose, user=user.id, address=address, created=now,
        expires=now + LASTS[purpose],
    )  # fmt: skip
    letter = letters.linked(office, purpose, (user.language,), address, f"{_PATHS[purpose]}/{token}", link.expires)
    entry = office.entry(f"user.{purpose}.ask", subject=user.email, detail=address)
    office.control.people.add_link(link, letter, entry)
