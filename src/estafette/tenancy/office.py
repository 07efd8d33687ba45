"""Where administration happens: the control data, the keyring, the time, and who acts."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.base.seal import Keyring
from estafette.model.mailbox import SUBMISSION, SUBMISSIONS
from estafette.model.tenant import Tenant
from estafette.model.user import LANGUAGES, Language
from estafette.store.interface.control import Control
from estafette.store.interface.records import AuditEntry, Stale
from estafette.tenancy.permissions import Actor

#: JSON of a resource, as the API and ``--json`` print it.
Resource = dict[str, object]


class NotFound(Fault):
    """What was named does not exist, or is not this tenant's."""


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """What every service of this room needs. who: who acts, for the audit and for rights over single fields.

    expected: the version that the caller has seen of what it changes, None = whatever there is.
    hostname, return_path: names of this service, for the DNS records that tenants publish. public_url: where mailed
    links lead. dns_zone: where tenants' own targets are published, "" for none. language: of whoever has chosen none,
    "" = every language, one after the other. submissions, submission: ports at which mail programs hand in mail, with
    TLS from the first octet and with STARTTLS; 0 = not.
    """

    control: Control
    keyring: Keyring
    now: Callable[[], float]
    who: Actor = Actor(kind="cli", id="", name="operator")
    expected: int | None = None
    hostname: str = "localhost"
    return_path: str = "bounces.localhost"
    public_url: str = "http://127.0.0.1:8026"
    dns_zone: str = ""
    language: Language | Literal[""] = ""
    submissions: int = SUBMISSIONS
    submission: int = SUBMISSION

    def entry(
        self,
        action: str,
        *,
        tenant: str = "",
        subject: str = "",
        detail: str = "",
        before: msgspec.Struct | None = None,
        after: msgspec.Struct | None = None,
    ) -> AuditEntry:
        """Return the audit entry of an act that happens now, with the fields in which two states differ."""
        was, now = difference(before, after)
        return AuditEntry(
            at=self.now(),
            actor=self.who.label,
            action=action,
            tenant=tenant,
            subject=subject,
            detail=detail,
            before=was,
            after=now,
            address=self.who.address,
        )

    def seen(self, version: int) -> None:
        """Raise Stale when the caller has seen another version of what it is about to change."""
        if self.expected not in {None, version}:
            raise Stale

    def languages(self, tenant: Tenant | None = None) -> tuple[Language, ...]:
        """Return in which languages a tenant's people are written to, or without one the service's; one or all."""
        chosen = (tenant.language if tenant else "") or self.language
        return (chosen,) if chosen else LANGUAGES

    def tenant(self, name: str) -> Tenant:
        """Return a tenant by its name or id; NotFound."""
        found = self.control.lists.tenant(name)
        if found is None:
            raise NotFound(f"there is no tenant {name!r}", place="--tenant", fix="see `estafette tenant list`")
        return found


#: Fields that say nothing to a reader of the audit, or too much.
_UNTOLD = frozenset({"version", "token", "password_hash"})


def difference(
    before: msgspec.Struct | None, after: msgspec.Struct | None
) -> tuple[dict[str, object] | None, dict[str, object] | None]:
    """Return the fields in which two states differ, in JSON's types; of a single state all that it tells."""
    was, now = (None if state is None else _told(state) for state in (before, after))
    if was is None or now is None:
        return was, now
    changed = [name for name in was | now if was.get(name) != now.get(name)]
    return {name: was.get(name) for name in changed}, {name: now.get(name) for name in changed}


def _told(state: msgspec.Struct) -> dict[str, object]:
    # Octets are digests and sealed values, whatever their name; none belongs in the audit.
    octets = {name for name in state.__struct_fields__ if isinstance(getattr(state, name), bytes)}
    fields: dict[str, object] = msgspec.to_builtins(state)
    return {name: value for name, value in fields.items() if name not in _UNTOLD | octets}


def new_id() -> str:
    """Return an id that nobody can guess, in the form all ids have."""
    return ids.show(secrets.randbits(63))


def new_secret() -> str:
    """Return 160 random bits in 32 characters that survive every keyboard, shell and URL."""
    return base64.b32encode(secrets.token_bytes(20)).decode().lower()


def digest(secret: str) -> bytes:
    """Return how a generated secret is stored: its entropy makes a slow hash needless."""
    return hashlib.sha256(secret.encode()).digest()


def moment(seconds: float | None) -> str | None:
    """Return unix seconds in RFC 3339 UTC; 0 and None are no moment."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z") if seconds else None


def resource(fields: Mapping[str, object]) -> Resource:
    """Return fields as JSON knows them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def listing(items: list[Resource], following: str = "") -> Resource:
    """Return the contract's form of a list. following: cursor of the next page, "" at the end."""
    return {"items": items, "next": following or None}
