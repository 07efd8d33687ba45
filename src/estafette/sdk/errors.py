"""What a call may raise. Everything is an ``SdkError``; what the service refused is a ``Refused`` with its problem."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from estafette.sdk.problem import Mistake, Problem, read_problem


class SdkError(Exception):
    """Root of every error of this package."""


class NoAnswer(SdkError):
    """The service could not be reached, or the connection ended before its answer.

    A message that was being sent may have been taken: the same call with the same idempotency key sends it once.
    """


class Unreadable(SdkError):
    """What answered is not Estafette, or not this version of it."""


class Refused(SdkError):
    """The service said no; ``problem`` is its whole document, whose parts are attributes here too."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem

    @property
    def status(self) -> int:
        """Return the status of HTTP."""
        return self.problem.status

    @property
    def code(self) -> str:
        """Return the machine name of the rule that said no."""
        return self.problem.code

    @property
    def field(self) -> str:
        """Return the field, parameter or header concerned, "" when it is the whole request."""
        return self.problem.field

    @property
    def rule(self) -> str:
        """Return the rule that the first mistake breaks, else the code."""
        return self.problem.rule

    @property
    def fix(self) -> str:
        """Return what to do about it."""
        return self.problem.fix

    @property
    def index(self) -> int | None:
        """Return the place in a batch of the first message that is wrong."""
        return self.problem.index

    @property
    def errors(self) -> tuple[Mistake, ...]:
        """Return every mistake, when the service named several."""
        return self.problem.errors

    @property
    def retry_after(self) -> float | None:
        """Return the seconds after which the same may succeed, None when it was not said."""
        return self.problem.retry_after


class Invalid(Refused):
    """400, 413, 422: the request is wrong and will be wrong again."""


class Unauthenticated(Refused):
    """401: no valid key."""


class Forbidden(Refused):
    """403: the key may not do this, the sender is not its own, or the recipient is suppressed."""


class NotFound(Refused):
    """404, 410: there is no such thing, it is somebody else's, or it is no longer kept."""


class Conflict(Refused):
    """409, 412, 428: something there is in the way, or changed meanwhile."""


class TooMany(Refused):
    """429: too many calls, or more mail than agreed; ``retry_after`` says when again."""


class Unavailable(Refused):
    """500 and above: the service cannot do it now."""


_KINDS: dict[int, type[Refused]] = {
    400: Invalid, 401: Unauthenticated, 403: Forbidden, 404: NotFound, 409: Conflict, 410: NotFound, 412: Conflict,
    413: Invalid, 422: Invalid, 428: Conflict, 429: TooMany,
}  # fmt: skip


def refused(response: httpx.Response) -> Refused:
    """Return the error that an answer other than 2xx is; a proxy's page becomes a problem with code ``http_STATUS``."""
    status, pause = response.status_code, retry_after(response)
    try:
        problem = read_problem(response.json(), pause)
    except (ValueError, KeyError, TypeError, AttributeError):
        detail = response.reason_phrase or "no problem document came with it"
        problem = Problem(status=status, code=f"http_{status}", detail=detail, retry_after=pause)
    return _KINDS.get(status, Unavailable if status >= 500 else Refused)(problem)


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that Retry-After asks for (RFC 9110 section 10.2.3); None when it says nothing readable."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
