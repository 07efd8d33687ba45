"""How often a call is made before its answer counts. Nothing here waits: the clients do."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import httpx

from estafette.sdk.call import Call
from estafette.sdk.errors import refused

#: Answers of a service, or of a proxy before it, that another try may better.
_PASSING = frozenset({429, 502, 503, 504})
#: Errors before anything of the request had left.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
#: The same call is under way elsewhere; its answer is known in some seconds.
_UNDER_WAY = "idempotency_in_progress"


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How patient a client is.

    tries: of one call, the first one too. first: seconds before the second try, doubled for each further one.
    longest: seconds that one pause may last; a service that asks for more gets no other try, and the error says how
    long (``retry_after``).
    """

    tries: int = 4
    first: float = 0.5
    longest: float = 30.0


class Attempts:
    """The tries of one call."""

    def __init__(self, call: Call[Any], retries: Retries) -> None:
        self._call = call
        self._retries = retries
        self._made = 0

    def pause(self, heard: httpx.Response | httpx.TransportError) -> float | None:
        """Return the seconds to wait before the next try; None when what was heard counts."""
        self._made += 1
        if self._made >= self._retries.tries:
            return None
        if isinstance(heard, httpx.TransportError):
            return self._own() if self._call.repeatable or isinstance(heard, _UNSENT) else None
        if heard.is_success:
            return None
        said = refused(heard)
        if not self._passes(heard.status_code, said.code):
            return None
        if said.retry_after is None:
            return self._own()
        return said.retry_after if said.retry_after <= self._retries.longest else None

    def _passes(self, status: int, code: str) -> bool:
        """Tell whether another try is safe and may help: where the service itself answered, nothing was done."""
        if code == _UNDER_WAY:
            return self._call.repeatable
        return status in _PASSING and (self._call.repeatable or code != f"http_{status}")

    def _own(self) -> float:
        """Return a pause of our own choice; a part of it is chance, so that many clients do not come back together."""
        pause: float = self._retries.first * 2 ** (self._made - 1)
        return min(pause, self._retries.longest) * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing
