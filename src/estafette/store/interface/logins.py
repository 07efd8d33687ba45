"""What log-ins leave behind: failures with their reasons, last uses, and what limited credentials have sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import Credential

#: Why a log-in failed, as the tenant reads it. The one who tries hears the same answer for every reason.
Reason = Literal[
    "unknown_user", "unknown_key", "wrong_password", "name_instead_of_secret", "key_instead_of_password",
    "line_break_in_secret", "spaces_around_secret", "plaintext_refused", "locked", "expired", "revoked",
    "wrong_network",
]  # fmt: skip
#: Rows kept of one tenant, and of nobody's; the oldest go first.
KEPT = 1000


class LoginFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Failed log-ins of one user name from one address for one reason. tenant "": nobody knows whose they are."""

    tenant: str
    username: str
    address: str
    reason: str
    first: float
    last: float
    count: int = 1


class LastUse(msgspec.Struct, frozen=True, kw_only=True):
    """When and from where a credential was last used."""

    credential: str
    at: float
    address: str


#: (credential, seconds of the window, unix second at which it began)
Window = tuple[str, int, int]


class Logins(Protocol):
    """Hot notes: no write here steps a change counter, and none leaves an audit entry."""

    def fail(self, failures: Iterable[LoginFailure]) -> None:
        """Add failures to those of the same who, where and why; keep ``KEPT`` a tenant."""
        ...

    def failures(self, page: Page, *, tenant: str | None = None, username: str = "") -> Paged[LoginFailure]:
        """Return a page of failures, the latest first."""
        ...

    def by_key(self, digest: bytes) -> Credential | None:
        """Return the credential of an API key's SHA-256, ended ones too."""
        ...

    def use(self, uses: Iterable[LastUse]) -> None:
        """Remember last uses."""
        ...

    def last_uses(self, credentials: Sequence[str]) -> Mapping[str, LastUse]:
        """Return the last uses of credentials, by id."""
        ...

    def spend(self, spent: Mapping[Window, int]) -> Mapping[Window, int]:
        """Add recipients to windows and return what all processes have spent there; old windows are forgotten."""
        ...
