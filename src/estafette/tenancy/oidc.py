"""Who somebody is whom a provider of OIDC log-ins vouches for: by subject, the first time by proved address."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Fault
from estafette.model.user import User
from estafette.tenancy import features, sessions
from estafette.tenancy.office import Office


class Vouched(msgspec.Struct, frozen=True, kw_only=True):
    """What a checked ID token says (OpenID Connect Core 1.0, section 2 and 5.1)."""

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False


class NotInvited(Fault):
    """The provider knows this person, and nobody here does."""

    code = "not_invited"

    def __init__(self) -> None:
        super().__init__("no user has this address", place="email", fix="ask an owner of the account for an invitation")


def user_of(office: Office, vouched: Vouched) -> User:
    """Return the user whom a provider vouches for. The first time the proved address must be a user's.

    NotInvited; NotInPlan when no account of the user has this log-in.
    """
    known = office.control.access.subject(vouched.issuer, vouched.subject)
    if known is not None:
        user = office.control.people.user(known)
    else:
        # An address that the provider did not check would let its owner in as anybody.
        user = office.control.people.user(vouched.email.lower()) if vouched.email_verified and vouched.email else None
    if user is None or user.disabled is not None:
        raise NotInvited
    _check_plans(office, user)
    if known is None:
        entry = sessions.as_user(office, user).entry("user.oidc", subject=user.email, detail=vouched.issuer)
        office.control.access.add_subject(vouched.issuer, vouched.subject, user.id, entry)
    return user


def _check_plans(office: Office, user: User) -> None:
    """One account whose plan has this log-in is enough: a person has one session for all of them."""
    accounts = [office.tenant(each.tenant) for each in office.control.people.memberships(user.id)]
    features.require_any(office, accounts, "oidc", "email")
