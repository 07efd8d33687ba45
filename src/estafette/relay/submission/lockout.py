"""Makes guessing passwords slow: growing delays and locks by client address and by account."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from estafette.base.errors import Refusal

TRIES_PER_CONNECTION = 3
FREE_TRIES = 5
FORGET = 3600.0
LONGEST_LOCK = 900.0
LONGEST_DELAY = 8.0
REMEMBERED = 100_000


class _Failures(msgspec.Struct):
    count: int = 0
    last: float = 0.0
    until: float = 0.0


class Lockout:
    """Failures of the last hour. Times are monotonic seconds, given by the caller; memory is bounded.

    An account locks after ten times as many failures as an address, so that a stranger cannot cheaply lock an
    employee out.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def check(self, client: str, account: str, now: float) -> None:
        """Refusal 454 4.7.0 while the address, or the account, is locked."""
        until = max(self._until(key, now) for key in _keys(client, account))
        if until > now:
            raise Refusal(
                454,
                "4.7.0",
                "too many failed log-ins, try again later",
                rule="auth_locked",
                retry_after=until - now,
            )

    def _until(self, key: tuple[str, str], now: float) -> float:
        found = self._failures.get(key)
        return found.until if found is not None and now - found.last < FORGET else 0.0

    def failed(self, client: str, account: str, now: float) -> float:
        """Remember a failure; return the seconds to wait before saying so."""
        worst = 0
        for key, factor in zip(_keys(client, account), (1, 10), strict=True):
            found = self._failures.pop(key, None)
            if found is None or now - found.last >= FORGET:
                found = _Failures()
            found.count += 1
            found.last = now
            over = found.count - FREE_TRIES * factor
            if over >= 0:
                found.until = now + min(LONGEST_LOCK, 15.0 * (1 << min(over, 10)))
            self._failures[key] = found
            worst = max(worst, found.count // factor)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)
        return min(LONGEST_DELAY, 0.5 * (1 << min(worst, 10)))

    def succeeded(self, client: str, account: str) -> None:
        """Forget the failures of this address and account."""
        for key in _keys(client, account):
            self._failures.pop(key, None)


def network_of(client: str) -> str:
    """Return whom an address stands for: a provider gives one IPv6 customer a whole /64."""
    return ":".join(client.split(":")[:4]) if ":" in client and not client.startswith("uid:") else client


def _keys(client: str, account: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("client", network_of(client)), ("account", account.lower())
