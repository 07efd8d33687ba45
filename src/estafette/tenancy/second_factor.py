"""The second factor: time-based codes (RFC 6238) and recovery codes. Every code works once."""

from __future__ import annotations

import secrets

import msgspec
import pyotp

from estafette.base.errors import Fault
from estafette.model.user import User
from estafette.store.interface.people import TOTP_PURPOSE
from estafette.tenancy.office import Office, Resource, digest

#: Seconds of a time step, and how many steps a clock may be wrong (RFC 6238, 5.2).
STEP = 30
DRIFT = 1
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class WrongCode(Fault):
    """The code is not the one of this moment, or was used before."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(
            "the code is wrong, over, or was used before", place="code", fix="wait for the next code; check the clock"
        )


def begin(office: Office, user: User) -> Resource:
    """Make a new secret for a user's device: ``secret`` and ``uri``, shown once. It counts after ``confirm``."""
    if user.totp_since is not None:
        raise Fault("a second factor is set up already", place="code", fix="take it away first")
    secret = pyotp.random_base32(32)
    sealed = office.keyring.seal(TOTP_PURPOSE, secret.encode(), user.id.encode())
    entry = office.entry("user.second_factor.begin", subject=user.email)
    office.control.access.put_factor(msgspec.structs.replace(user, totp=sealed), (), entry)
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=office.hostname)
    return {"secret": secret, "uri": uri}


def confirm(office: Office, user: User, code: str) -> Resource:
    """Switch the second factor on with a first code; return the recovery codes, shown once. WrongCode."""
    if user.totp is None or user.totp_since is not None or not _is_now(office, user, code):
        raise WrongCode
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(12)) for _ in range(RECOVERY_CODES)]
    after = msgspec.structs.replace(user, totp_since=office.now())
    entry = office.entry("user.second_factor.confirm", subject=user.email, before=user, after=after)
    office.control.access.put_factor(after, [digest(each) for each in codes], entry)
    return {"recovery_codes": codes}


def remove(office: Office, user: User, code: str) -> None:
    """Switch it off again with a code; operators, who help those who lost everything, need none. WrongCode."""
    if not office.who.runs_service and not passes(office, user, code):
        raise WrongCode
    after = msgspec.structs.replace(user, totp=None, totp_since=None)
    entry = office.entry("user.second_factor.remove", subject=user.email, before=user, after=after)
    office.control.access.put_factor(after, (), entry)


def passes(office: Office, user: User, code: str) -> bool:
    """Return whether a code, of the device or a recovery code, lets a user in; it is used up."""
    if user.totp_since is None:
        return False
    if _is_now(office, user, code):
        return True
    entry = office.entry("user.recovery_code", subject=user.email)
    plain = "".join(code.lower().split()).replace("-", "")[:32]
    return len(plain) == 12 and office.control.access.take_recovery(user.id, digest(plain), entry)


def _is_now(office: Office, user: User, code: str) -> bool:
    digits = "".join(code.split())[:16]
    if user.totp is None or not digits.isascii() or not digits.isdigit():
        return False
    secret = office.keyring.open(TOTP_PURPOSE, user.totp, user.id.encode()).decode()
    generator, now = pyotp.HOTP(secret), int(office.now()) // STEP
    found = [step for step in range(now - DRIFT, now + DRIFT + 1) if generator.verify(digits, step)]
    return bool(found) and office.control.access.take_step(user.id, found[0])
