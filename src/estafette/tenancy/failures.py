"""Why log-ins failed: found out afterwards, told to the tenant, never to whoever tried."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

import msgspec

from estafette.model.address import AddressError, parse_path
from estafette.model.login import FailedLogin
from estafette.store.interface.control import Control
from estafette.store.interface.logins import LoginFailure, Reason
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import Credential
from estafette.tenancy.office import Office, Resource, digest, listing, moment, resource

#: What a person reads, by reason.
EXPLAINED: dict[Reason, str] = {
    "unknown_user": "no credential has this user name",
    "unknown_key": "no credential has this API key",
    "wrong_password": "the password is not this credential's",
    "name_instead_of_secret": "the name of the credential was given instead of its password",
    "key_instead_of_password": "the API key was given where the password belongs",
    "line_break_in_secret": "the password is right, but a line break stands at its end",
    "spaces_around_secret": "the password is right, but spaces stand around it",
    "plaintext_refused": "the connection was not encrypted; switch on STARTTLS or TLS",
    "locked": "too many failures before; wait a quarter of an hour",
    "expired": "the credential has expired",
    "revoked": "the credential was revoked",
    "wrong_network": "the credential may not log in from this address",
}


def explain(control: Control, attempts: Iterable[FailedLogin]) -> list[LoginFailure]:
    """Return the failures with tenant and reason, those of the same who, where and why as one."""
    found: dict[tuple[str, str, str, str], LoginFailure] = {}
    for attempt in attempts:
        credential = _credential(control, attempt)
        tenant = credential.tenant if credential else _owner(control, attempt.username)
        reason = attempt.reason or _reason(credential, attempt)
        name = credential.username if credential else attempt.username
        key = (tenant, name, attempt.address, reason)
        known = found.get(key)
        found[key] = LoginFailure(
            tenant=tenant,
            username=name,
            address=attempt.address,
            reason=reason,
            first=known.first if known else attempt.at,
            last=attempt.at,
            count=known.count + 1 if known else 1,
        )
    return list(found.values())


def list_all(office: Office, tenant: str = "", *, page: Page = FIRST, username: str = "") -> Resource:
    """Return a page of failed log-ins of a tenant, the latest first; without one also those that nobody owns."""
    owner = office.tenant(tenant).id if tenant else None
    found = office.control.logins.failures(page, tenant=owner, username=username)
    return listing([_shown(each) for each in found.items], found.next)


def _credential(control: Control, attempt: FailedLogin) -> Credential | None:
    if attempt.key:
        return control.logins.by_key(attempt.digest)
    lists = control.lists
    return lists.credential(attempt.username) or lists.credential(attempt.username.strip().lower())


def _owner(control: Control, username: str) -> str:
    try:
        domain = parse_path(username.strip()).domain
    except AddressError:
        return ""
    return next((each.tenant for each in control.domains(name=domain) if each.status != "pending"), "")


def _reason(credential: Credential | None, attempt: FailedLogin) -> Reason:
    if credential is None:
        return "unknown_key" if attempt.key else "unknown_user"
    if credential.revoked is not None:
        return "revoked"
    if credential.expires is not None and credential.expires <= attempt.at:
        return "expired"
    if _same(attempt.trimmed, credential.password_sha256):
        return "line_break_in_secret" if attempt.line_break else "spaces_around_secret"
    given = (attempt.digest, attempt.trimmed)
    if any(_same(each, credential.api_key_sha256) for each in given):
        return "key_instead_of_password"
    names = (credential.name, credential.username, credential.id)
    if any(_same(each, digest(name)) for each in given for name in names if name):
        return "name_instead_of_secret"
    return "wrong_password"


def _same(one: bytes, other: bytes) -> bool:
    return bool(one) and hmac.compare_digest(one, other)


def _shown(failure: LoginFailure) -> Resource:
    explained = EXPLAINED.get(failure.reason, "")  # type: ignore[call-overload]  # a newer release may know more
    times = {"first": moment(failure.first), "last": moment(failure.last)}
    return resource(msgspec.structs.asdict(failure) | times | {"explanation": explained})
