"""Slows guessing at keys and passwords on HTTP, by the rules that SMTP AUTH has."""

from __future__ import annotations

import hashlib

from starlette.requests import Request

from estafette.base.clock import Clock
from estafette.base.errors import Refusal
from estafette.relay.submission.lockout import Lockout
from estafette.web.problems import Problem


def client_of(request: Request) -> str:
    """Return the address that asks; behind ``listen.trusted_proxies`` the one that they name."""
    return request.client.host if request.client else ""


def account_of(key: str) -> str:
    """Return under which name failures of an API key are counted; the key itself stays out of memory."""
    return f"key {hashlib.sha256(key.encode()).hexdigest()[:16]}"


def person_of(email: str) -> str:
    """Return under which name failures of a person are counted, apart from those of a credential named alike."""
    return f"user {email.strip().lower()}"[:330]


class Guard:
    """Failed log-ins of one web process, by address and by account; API and page share them."""

    def __init__(self, clock: Clock) -> None:
        self._lockout = Lockout()
        self._clock = clock

    def check(self, request: Request, account: str) -> None:
        """Problem 429 ``auth_locked`` while the address, or the account, is locked."""
        try:
            self._lockout.check(client_of(request), account, self._clock.monotonic())
        except Refusal as locked:
            detail = "too many failed log-ins from this address or for this account"
            raise Problem(429, "auth_locked", detail, "wait, then use a valid one", locked.retry_after) from None

    def failed(self, request: Request, account: str) -> float:
        """Remember a failure; return the seconds to wait before saying so."""
        return self._lockout.failed(client_of(request), account, self._clock.monotonic())

    def succeeded(self, request: Request, account: str) -> None:
        """Forget the failures of this address and account."""
        self._lockout.succeeded(client_of(request), account)
